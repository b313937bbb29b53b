"""A person at the Memory panel: bounds, pins and sleep, seen in the strip."""

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
    page.locator("#memory > button").click()
    row(page, "text").wait_for()
    return page


def chip(page: Page, name: str) -> Locator:
    return page.locator(f"#q-strip .q-chip.q-{name}")


def resident_mib(page: Page, name: str) -> int:
    """What a worker's chip says that it uses: "ready · 312 MiB"."""
    expect(chip(page, name)).to_contain_text("MiB")
    found = re.search(r"([\d,]+) MiB", chip(page, name).inner_text())
    assert found is not None
    return int(found[1].replace(",", ""))


def row(page: Page, name: str) -> Locator:
    return page.locator(f'#memory-workers [data-worker="{name}"]')


def set_budget(page: Page, mib: str) -> None:
    field = page.locator("#memory-ram input")
    field.fill(mib)
    field.press("Enter")


def held(page: Page) -> tuple[int, int]:
    """What the page's bar says is in use, and of how much."""
    label = page.locator("#q-strip .q-bar").first.get_attribute("aria-label") or ""
    numbers = [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", label)]
    return numbers[0], numbers[1]


def test_a_lower_budget_puts_idle_workers_to_sleep_but_not_a_pinned_one(
    own_app: App, browser: Browser
) -> None:
    page, other = open_panel(browser, own_app), open_panel(browser, own_app, PHONE)
    for name in ("text", "tts", "rag"):
        expect(chip(page, name)).to_contain_text("ready", timeout=SOON_MS)
    assert other.evaluate("document.documentElement.scrollWidth") <= PHONE
    row(page, "rag").get_by_role("button", name="Keep").click()
    expect(row(other, "rag").get_by_role("button", name="Keep")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(row(page, "rag")).to_contain_text("predicted")

    set_budget(page, "20")
    expect(page.locator("#memory-said")).to_contain_text("20 MiB are too few: the page itself")
    expect(page.locator("#memory-ram input")).to_have_value("")
    for name in ("text", "tts", "rag"):
        expect(chip(page, name)).to_contain_text("ready")

    page_mib = int((page.locator("#q-strip .q-page").first.get_attribute("title") or "").split()[2])
    budget_mib = page_mib + resident_mib(page, "rag") + resident_mib(page, "tts") // 2
    set_budget(page, str(budget_mib))
    expect(page.locator("#memory-said")).to_contain_text("may use")
    for name in ("text", "tts"):
        expect(chip(page, name)).to_contain_text("asleep", timeout=SOON_MS)
    expect(chip(page, "rag")).to_contain_text("ready")
    expect(other.locator("#memory-ram input")).to_have_value(str(budget_mib))
    in_use_mib, limit_mib = held(page)
    assert in_use_mib <= limit_mib == budget_mib


def test_without_the_budget_a_worker_is_back_when_it_is_used(
    own_app: App, browser: Browser
) -> None:
    page = open_panel(browser, own_app)
    set_budget(page, "")
    expect(page.locator("#memory-said")).to_contain_text("RAM has no limit now")
    page.locator("#chat-input textarea").fill("What is the capital of France? Answer briefly.")
    page.keyboard.press("Enter")
    expect_answer(page)
    expect(chip(page, "text")).to_contain_text("ready")
    expect(chip(page, "rag")).to_contain_text("ready")

    expect(row(page, "text")).to_contain_text("awake")
    row(page, "text").get_by_role("button", name="Put Text to sleep").click()
    expect(chip(page, "text")).to_contain_text("asleep")
    row(page, "text").get_by_role("button", name="Wake Text").click()
    expect(chip(page, "text")).to_contain_text("ready", timeout=SOON_MS)


def test_room_for_other_programs_is_moved_by_keys_and_seen_by_all(
    own_app: App, browser: Browser
) -> None:
    page, other = open_panel(browser, own_app), open_panel(browser, own_app)
    slider = page.get_by_role("slider", name="Leave room")
    before_mib = int(slider.input_value())
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#memory-said")).to_contain_text(f"{before_mib + 128:,} MiB stay free")
    expect(other.get_by_role("slider", name="Leave room")).to_have_value(str(before_mib + 128))
