"""A person at the memory sheet: bounds, pins and sleep, seen in the head."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.running import App, start_app, stop_app

from .conftest import expect_answer

pytestmark = pytest.mark.slow

SOON_MS = 60_000
"""Waking five workers on busy cores."""
PHONE = 390


@pytest.fixture(scope="module")
def own_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A Quintet of its own: what is changed here holds for everybody."""
    app = start_app(tmp_path_factory.mktemp("memory"), QUINTET_POOL__WARM="[text, tts, rag]")
    yield app
    stop_app(app)


def open_panel(browser: Browser, app: App, width: int = 1280) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.set_default_timeout(45_000)
    page.goto(app.url)
    page.locator("#q-mem").click()
    row(page, "text").wait_for()
    return page


def expect_state(page: Page, name: str, state: str, timeout: int = 45_000) -> None:
    """Wait until a worker's tab says so."""
    tab = page.locator(f"#tab-{name}-button")
    expect(tab).to_have_attribute("data-state", state, timeout=timeout)


def in_use_gb(page: Page, name: str) -> float:
    """What a worker's row says that it uses: "0.3 GB in use · most so far …"."""
    expect(row(page, name)).to_contain_text("in use")
    found = re.search(r"([\d.]+) (GB|MB) in use", row(page, name).inner_text())
    assert found is not None
    return float(found[1]) / (1 if found[2] == "GB" else 1000)


def row(page: Page, name: str) -> Locator:
    return page.locator(f'#memory-workers [data-worker="{name}"]')


def set_budget(page: Page, amount_gb: str) -> None:
    field = page.locator("#memory-ram input")
    field.fill(amount_gb)
    field.press("Enter")


def test_a_lower_budget_puts_idle_workers_to_sleep_but_not_a_pinned_one(
    own_app: App, browser: Browser
) -> None:
    page, other = open_panel(browser, own_app), open_panel(browser, own_app, PHONE)
    for name in ("text", "tts", "rag"):
        expect_state(page, name, "ready", SOON_MS)
    assert other.evaluate("document.documentElement.scrollWidth") <= PHONE
    row(page, "rag").get_by_role("button", name="Keep").click()
    expect(row(other, "rag").get_by_role("button", name="Keep")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(row(page, "rag")).to_contain_text("expected")

    set_budget(page, "0.02")
    expect(page.locator("#memory-said")).to_contain_text("20 MB are too few: the page itself")
    expect(page.locator("#memory-ram input")).to_have_value("")
    for name in ("text", "tts", "rag"):
        expect_state(page, name, "ready")

    # what the page and the pinned one take, and half of the smallest other
    page_gb = mib_of_page(page) * 2**20 / 1e9
    budget = f"{page_gb + in_use_gb(page, 'rag') + in_use_gb(page, 'tts') / 2:.2f}"
    set_budget(page, budget)
    expect(page.locator("#memory-said")).to_contain_text("may use")
    for name in ("text", "tts"):
        expect_state(page, name, "asleep", SOON_MS)
    expect_state(page, "rag", "ready")
    expect(other.locator("#memory-ram input")).to_have_value(f"{float(budget):g}")
    expect(page.locator(".q-totals")).to_contain_text(f"of {float(budget):.1f} GB: the budget")
    expect(page.locator(".q-totals")).not_to_contain_text("over the limit")


def mib_of_page(page: Page) -> int:
    """What the page's own piece of the bar stands for."""
    style = page.locator("#memory .q-bar > .q-page").get_attribute("style") or ""
    return int(style.removeprefix("flex-grow:").removesuffix(";").strip())


def test_without_the_budget_a_worker_is_back_when_it_is_used(
    own_app: App, browser: Browser
) -> None:
    page = open_panel(browser, own_app)
    set_budget(page, "6")
    expect(page.locator("#memory-said")).to_contain_text("may use")
    set_budget(page, "")
    expect(page.locator("#memory-said")).to_contain_text("RAM has no limit now")
    page.keyboard.press("Escape")
    page.locator("#chat-input").fill("What is the capital of France? Answer briefly.")
    page.keyboard.press("Enter")
    expect_answer(page)
    expect_state(page, "text", "ready")
    expect_state(page, "rag", "ready")

    page.locator("#q-mem").click()
    expect(row(page, "text")).to_contain_text("awake")
    row(page, "text").locator('[data-action="sleep"]').click()
    expect_state(page, "text", "asleep")
    row(page, "text").locator('[data-action="wake"]').click()
    expect_state(page, "text", "ready", SOON_MS)


def test_room_for_other_programs_is_moved_by_keys_and_seen_by_all(
    own_app: App, browser: Browser
) -> None:
    page, other = open_panel(browser, own_app), open_panel(browser, own_app)
    field = page.get_by_label("Leave for other programs")
    before_gb = float(field.input_value())
    field.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(field).not_to_have_value(f"{before_gb:g}")
    now_gb = float(field.input_value())
    assert now_gb > before_gb
    expect(page.locator("#memory-said")).to_contain_text("stay free for other programs")
    expect(other.get_by_label("Leave for other programs")).to_have_value(f"{now_gb:g}")


def test_the_sheet_keeps_the_focus_and_gives_it_back(own_app: App, browser: Browser) -> None:
    page = open_panel(browser, own_app)
    for _ in range(30):
        page.keyboard.press("Tab")
        place = page.evaluate("document.activeElement.closest('#memory, body').tagName")
        assert place in ("DIV", "BODY")  # the sheet, or the browser's own bar
        assert not page.evaluate("document.activeElement.matches('#q-tabs *')")
    page.keyboard.press("Escape")
    expect(page.locator("#memory")).to_be_hidden()
    expect(page.locator("#q-mem")).to_be_focused()
    page.keyboard.press("Control+m")
    expect(page.locator("#memory")).to_be_visible()
    page.mouse.click(20, 600)
    expect(page.locator("#memory")).to_be_hidden()
