"""The Models tab in a browser, in front of fake engines: benchmark, search, and the browser's language."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.running import App

WAIT_MS = 60_000
SLOW = "!slow " + "word " * 600


@pytest.fixture
def app(fake_app: App) -> App:
    return fake_app


def open_models(browser: Browser, app: App, **context: object) -> Page:
    page = browser.new_context(**context).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(WAIT_MS)
    page.goto(app.url)
    page.get_by_role("tab", name="Models", exact=True).click()
    page.locator(".q-model").first.wait_for()
    return page


@pytest.fixture
def page(app: App, browser: Browser) -> Iterator[Page]:
    page = open_models(browser, app)
    yield page
    page.context.close()


def row(page: Page, model_id: str) -> Locator:
    return page.locator(f'#models-list .q-model[data-id="{model_id}"]')


def test_a_benchmark_from_click_to_table_and_bars(page: Page) -> None:
    page.locator(".q-models-search").fill("fake chat")
    one = row(page, "fake-text")
    one.get_by_role("button", name="Benchmark Fake chat", exact=True).click()
    expect(one).to_contain_text("is put to sleep and loaded anew")
    start = one.locator('[data-action="benchmark"]')
    expect(start).to_be_focused()
    start.click()
    table = one.locator(".q-bench-table")
    expect(table).to_be_visible(timeout=WAIT_MS)
    for field in (
        "Load time",
        "Read",
        "Written",
        "Total time",
        "Speed",
        "First piece",
        "Peak memory",
    ):
        expect(table).to_contain_text(field)
    expect(one.locator(".q-bench-plot")).to_have_count(0)
    start.click()
    expect(one.locator(".q-bench-plot")).to_contain_text("Earlier runs", timeout=WAIT_MS)
    expect(one.locator(".q-bench-plot li")).to_have_count(2)
    expect(one.locator(".q-bench-plot .q-this")).to_contain_text("measured")


def test_a_busy_worker_is_not_measured_and_the_reason_is_in_sight(app: App, page: Page) -> None:
    said = {"model": "fake-text", "stream": True, "messages": [{"role": "user", "content": SLOW}]}
    with httpx.stream("POST", f"{app.url}/v1/chat/completions", json=said, timeout=60) as answer:
        lines = answer.iter_lines()
        next(lines)
        page.locator(".q-models-search").fill("fake chat")
        row(page, "fake-text").locator('[data-more="bench"]').click()
        row(page, "fake-text").locator('[data-action="benchmark"]').click()
        status = page.locator("#models-status")
        expect(status).to_contain_text("at work: 1 running")
        expect(status).to_be_in_viewport()
    expect(row(page, "fake-text").locator(".q-measuring")).to_have_count(0)


def test_a_benchmark_is_stopped(page: Page) -> None:
    page.locator(".q-models-search").fill("fake-text-slow")
    one = row(page, "fake-text-slow")
    one.get_by_role("button", name=re.compile("Details")).click()
    one.locator('[data-action="benchmark"]').click()
    one.locator('[data-action="benchmark-stop"]').click()
    expect(one).to_contain_text("Stopped; nothing was kept", timeout=WAIT_MS)
    expect(one.locator(".q-bench-table")).to_have_count(0)


def test_the_search_finds_what_is_folded_and_folds_it_again(page: Page) -> None:
    hidden = row(page, "whisper-large-v3")
    expect(hidden).to_be_hidden()
    search = page.locator(".q-models-search")
    search.press_sequentially("whisper large")
    expect(hidden).to_be_visible()
    expect(row(page, "fake-text")).to_be_hidden()
    search.fill("no such model anywhere")
    expect(page.locator(".q-models-none")).to_be_visible()
    search.fill("")
    expect(hidden).to_be_hidden()
    expect(row(page, "fake-text")).to_be_visible()
    colours = search.evaluate(
        "one => [getComputedStyle(one, '::placeholder').color, getComputedStyle(one).color]"
    )
    assert colours[0] != colours[1]  # paler than what is typed


def test_downloaded_only_leaves_out_the_others(page: Page) -> None:
    page.get_by_role("button", name="Downloaded only").click()
    expect(row(page, "fake-text")).to_be_visible()
    expect(page.locator('.q-model[data-here="0"]:visible')).to_have_count(0)
    page.get_by_role("button", name="Downloaded only").click()
    expect(page.locator('.q-model[data-here="0"]:visible').first).to_be_visible()


def test_on_a_phone_a_row_has_two_lines_and_nothing_is_cut(app: App, browser: Browser) -> None:
    page = open_models(browser, app, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = row(page, "fake-text").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
    assert box["height"] < 80
    page.context.close()


def test_the_page_is_english_whatever_the_browser_speaks(app: App, browser: Browser) -> None:
    """Gradio's own words too: those of its upload field are on the page from the start."""
    page = open_models(browser, app, locale="de-DE")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("tab", name="Speech in", exact=True).click()
    page.locator("#tab-stt").wait_for()
    text = page.locator("body").inner_text() + page.content()
    for german in ("Datei hier ablegen", "Hochladen", "hochladen", "Löschen", "Einstellungen"):
        assert german not in text
    page.context.close()
