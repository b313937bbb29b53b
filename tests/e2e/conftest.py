"""A real browser in front of the running application."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.needs import chromium
from tests.running import ROOT as ROOT
from tests.running import App as App
from tests.running import start_app as start_app
from tests.running import stop_app as stop_app

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


EXPECT_TIMEOUT_MS = 45_000
"""A busy machine takes longer than the 5 s that a page is usually given to show what is expected."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=EXPECT_TIMEOUT_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_FLAGS))
        yield started
        started.close()


def expect_answer(page: Page, number: int = 1) -> None:
    """Wait until so many answers have ended, and look whether the last says anything.

    Which words is the model's business: it draws them.
    """
    receipts = page.locator("#chat-scroll .q-acts .q-receipt").filter(has_text="tokens/s")
    expect(receipts).to_have_count(number, timeout=150_000)
    said = page.locator('#chat-live [data-testid="bot"] .prose').last
    expect(said).to_contain_text(re.compile(r"\w\w"))


def switch_of(page: Page, key: str) -> Locator:
    """Return one of the composer's switches; on a phone they are folded into one button."""
    fold = page.locator(".q-fold")
    if fold.is_visible() and fold.get_attribute("aria-expanded") != "true":
        fold.click()
    return page.locator(f'.q-switch[data-key="{key}"]')


def opened(context: BrowserContext, url: str) -> Page:
    """Return a new page of a context, whose Text tab has begun to work."""
    page = context.new_page()
    page.set_default_timeout(EXPECT_TIMEOUT_MS)
    page.goto(url)
    expect(page.locator("#chat-input")).to_be_visible()
    expect(page.locator("#chat-composer .q-switch[data-key=persona]")).to_be_attached()
    return page


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of one's own, as wide as a laptop's."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    yield context
    context.close()


@pytest.fixture
def page(app: App, context: BrowserContext) -> Page:
    """The page of the module's `app`, on its Text tab."""
    return opened(context, app.url)


OpenTab = Callable[..., Page]


@pytest.fixture
def open_tab(app: App, browser: Browser) -> Iterator[OpenTab]:
    """Open the page on one tab in a browser context of its own; errors in its console fail."""
    contexts = []

    def open_page(tab: str, width: int = 1280, height: int = 900) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            permissions=["microphone"],
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(EXPECT_TIMEOUT_MS)
        page.goto(app.url)
        page.get_by_role("tab", name=tab, exact=True).click()
        return page

    yield open_page
    for context in contexts:
        context.close()
