"""What a user and an admin see in a browser: the same models, with and without the buttons."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import browser as browser
from tests.running import App


def open_models(page: Page) -> None:
    page.get_by_role("tab", name="Models", exact=True).click()
    page.locator(".q-model").first.wait_for()


def open_memory(page: Page) -> None:
    page.locator("#q-mem").click()
    page.locator("#memory [data-worker]").first.wait_for()


def test_a_visitor_reads_why_and_an_admin_logs_in(public_app: App, browser: Browser) -> None:
    page = browser.new_context().new_page()
    page.set_default_timeout(45_000)
    page.goto(public_app.url)
    open_models(page)
    expect(page.locator("#models-add")).to_be_hidden()
    expect(page.locator(".q-models-add")).to_be_hidden()
    open_memory(page)
    for place in ("#models-status", "#memory-said"):
        expect(page.locator(place)).to_contain_text("Only an admin may")
        expect(page.locator(place)).to_contain_text("Log in at /admin")
    expect(page.locator("#memory-ram input")).to_be_disabled()
    expect(page.locator("[data-action]")).to_have_count(0)

    page.goto(f"{public_app.url}/admin")
    page.get_by_label("Password").fill("of-admins")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{public_app.url}/")
    open_models(page)
    page.locator(".q-models-add").click()
    expect(page.locator("#models-add")).to_be_visible(timeout=20_000)
    expect(
        page.locator('.q-model [data-action="download"]').filter(visible=True).first
    ).to_be_visible()
    open_memory(page)
    expect(page.locator("#memory-ram input")).to_be_enabled(timeout=20_000)
    page.locator("#memory-ram input").fill("0.02")
    page.keyboard.press("Enter")
    expect(page.locator("#memory-said")).to_contain_text("20 MB are too few")
