"""What is around the tabs: the head, sidebar, settings, keys, focus; and what holds on every tab."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.running import App
from ui.blocks import TABS

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1440, "height": 900}
MIN_TARGET_PX = 24
"""WCAG 2.2, 2.5.8."""

Open = Callable[..., Page]


@pytest.fixture
def open_page(fake_app: App, browser: Browser) -> Iterator[Open]:
    """Open the page in a browser context of its own; the head has heard from the server then."""
    contexts = []

    def open_one(size: dict[str, int] = WIDE, **options: object) -> Page:
        context = browser.new_context(viewport=size, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(45_000)
        go(page, fake_app.url)
        return page

    yield open_one
    for context in contexts:
        context.close()


def go(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("#tab-rag-button")).to_have_attribute("data-state", re.compile(r"\w"))


def open_tab(page: Page, tab: str) -> None:
    page.locator(f"#tab-{tab}-button").click()
    shown = page.locator(f"#tab-{tab}").locator("button, input, textarea").filter(visible=True)
    expect(shown.first).to_be_visible()


def focus_place(page: Page) -> str:
    """Where the focus is: the id of the tab's panel, and the element's name."""
    where: str = page.evaluate(
        "(document.activeElement.closest('[role=tabpanel]')?.id ?? '') + ' ' + document.activeElement.tagName"
    )
    return where


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_tab_fits_says_nothing_to_others_and_can_be_hit(
    fake_app: App, browser: Browser, size: dict[str, int]
) -> None:
    page = browser.new_context(viewport=size).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(45_000)
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    go(page, fake_app.url)
    small: dict[str, list[str]] = {}
    for tab in TABS:
        open_tab(page, tab.id)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], tab.id
        small[tab.id] = page.evaluate(
            """least => [...document.querySelectorAll('button, summary, select, textarea, [role=tab], [role=button]')]
            .filter(e => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length > 0)
            .filter(e => !e.closest('p, .q-sr, [aria-hidden=true]'))
            .filter(e => { const {width, height} = e.getBoundingClientRect(); return Math.min(width, height) < least && width > 1; })
            .map(e => e.outerHTML.slice(0, 160))""",
            MIN_TARGET_PX,
        )
    assert {tab: found for tab, found in small.items() if found} == {}
    assert complaints == []
    assert [url for url in asked if not url.startswith((fake_app.url, "data:", "blob:"))] == []
    page.context.close()


def test_the_page_says_what_it_is(open_page: Open) -> None:
    page = open_page()
    expect(page).to_have_title("Quintet")
    assert page.evaluate("document.documentElement.lang") == "en"
    about = page.locator('meta[name="description"]')
    expect(about).to_have_attribute("content", re.compile("local models"))
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("footer")).to_be_hidden()


def test_a_tab_carries_its_workers_state_and_says_it_in_words(open_page: Open) -> None:
    page = open_page()
    tab = page.locator("#tab-tts-button")
    page.locator("#q-mem").click()
    speech_out = page.locator('#memory [data-worker="tts"]')
    speech_out.locator(".q-rest").wait_for()
    if speech_out.locator('[data-action="wake"]').count():
        speech_out.locator('[data-action="wake"]').click()
    expect(tab).to_have_attribute("data-state", "ready")
    expect(tab).to_have_accessible_description(
        re.compile(r"Ready · Fake voice, [\d.]+ [GM]B in use")
    )
    expect(tab).to_have_accessible_name("Speech out")
    speech_out.locator('[data-action="sleep"]').click()
    expect(tab).to_have_attribute("data-state", "asleep")
    page.keyboard.press("Escape")
    tab.hover()
    expect(page.locator("#q-tip")).to_contain_text("Asleep · Fake voice")
    words = re.compile(r"^[\d.]+ [GM]B in use · [\d.]+ [GM]B set aside · [\d.]+ [GM]B free$")
    expect(page.locator(".q-mem-words")).to_have_text(words)


def test_the_sidebar_is_remembered_and_a_drawer_on_a_phone(open_page: Open, fake_app: App) -> None:
    page = open_page()
    side, menu = page.locator("#tab-text .q-side"), page.locator("#q-menu")
    expect(side).to_be_visible()
    page.keyboard.press("Control+b")
    expect(side).to_be_hidden()
    expect(menu).to_have_accessible_name("Show the sidebar")
    go(page, fake_app.url)
    expect(page.locator("#chat-input")).to_be_visible()
    expect(side).to_be_hidden()
    menu.click()
    expect(side).to_be_visible()
    open_tab(page, "models")
    expect(menu).to_be_hidden()  # there is nothing to show

    phone = open_page(PHONE)
    drawer = phone.locator("#tab-text .q-side")
    expect(phone.locator("#chat-input")).to_be_visible()
    expect(drawer).to_be_hidden()
    phone.locator("#q-menu").click()
    expect(drawer).to_be_visible()
    phone.mouse.click(380, 500)  # beside it
    expect(drawer).to_be_hidden()
    expect(phone.locator("#q-menu")).to_be_focused()


def test_keys_go_where_the_map_says(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#chat-input")).to_be_visible()
    page.keyboard.press("Alt+5")
    expect(page.locator("#tab-rag-button")).to_have_attribute("aria-selected", "true")
    page.wait_for_function("document.activeElement.closest('#tab-rag')")
    assert focus_place(page) == "tab-rag TEXTAREA"
    page.keyboard.press("Alt+1")
    expect(page.locator("#chat-input")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#chat-input")).to_have_value("?")
    page.keyboard.press("Backspace")
    page.keyboard.press("Control+k")
    expect(page.get_by_label("Search all chats")).to_be_focused()
    page.locator("#q-mem").focus()
    page.keyboard.press("?")
    keys = page.locator("#q-keys")
    expect(keys).to_be_visible()
    for words in ("Sidebar", "Search chats", "New chat", "Settings"):
        expect(keys.get_by_text(words, exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(page.locator("#q-mem")).to_be_focused()
    page.keyboard.press("Control+,")
    expect(page.locator("#q-settings")).to_be_visible()


def test_by_keys_one_comes_from_the_head_to_the_work(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#chat-input")).to_be_visible()
    page.locator(".q-skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#chat-input")).to_be_focused()
    page.locator(".q-skip").focus()
    order = ["q-menu", "tab-text-button", "q-mem", "q-settings-open"]
    for name in order:
        page.keyboard.press("Tab")
        expect(page.locator(f"#{name}")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.q-side') !== null")
    page.locator("#tab-text-button").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-stt-button")).to_be_focused()
    expect(page.locator("#tab-stt-button")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("End")
    expect(page.locator("#tab-models-button")).to_be_focused()


def test_the_theme_follows_the_system_until_one_is_chosen(open_page: Open, fake_app: App) -> None:
    page = open_page(color_scheme="dark")
    body = page.locator("body")
    expect(body).to_have_class(re.compile(r"\bdark\b"))
    page.emulate_media(color_scheme="light")
    expect(body).not_to_have_class(re.compile(r"\bdark\b"))
    page.locator("#q-settings-open").click()
    page.get_by_text("Dark", exact=True).click()
    expect(body).to_have_class(re.compile(r"\bdark\b"))
    page.keyboard.press("Escape")
    expect(page.locator("#q-settings")).to_be_hidden()
    go(page, fake_app.url)
    expect(body).to_have_class(re.compile(r"\bdark\b"))
    page.locator("#q-settings-open").click()
    page.get_by_text("As the system", exact=True).click()
    expect(body).not_to_have_class(re.compile(r"\bdark\b"))


def test_who_wants_no_motion_sees_none(open_page: Open) -> None:
    page = open_page(reduced_motion="reduce")
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).animationName !== 'none').length"
    )
    assert moving == 0
