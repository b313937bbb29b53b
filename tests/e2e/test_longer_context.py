"""A question that is too long: the page offers a longer context, and asks again with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.running import App, start_app, stop_app

from .conftest import expect_answer

LONG = "The train from Lisbon is late again. " * 90
"""More than 512 tokens, and less than 1,024."""


@pytest.fixture
def narrow_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("narrow")
    running = start_app(folder, QUINTET_MEMORY__CONTEXT_TOKENS="512", QUINTET_POOL__WARM="[]")
    yield running
    stop_app(running)


def test_a_longer_context_is_offered_and_answers(narrow_app: App, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(narrow_app.url)
    page.locator("#chat-input").fill(LONG)
    page.keyboard.press("Enter")
    expect(page.locator("#chat-scroll")).to_contain_text("context holds 512", timeout=150_000)
    reload = page.locator('[data-act="reload"]')
    expect(reload).to_have_text("Reload with 4,096 tokens")
    reload.click()
    expect_answer(page)
    expect(reload).to_be_hidden()
    page.get_by_role("tab", name="Models", exact=True).click()
    row = page.locator('#tab-models [data-id="smollm2-135m-instruct"]').first
    row.get_by_role("button", name="Details of").click()
    expect(row).to_contain_text("Context: 4,096 tokens in each of 4 slots")
    expect(row).to_contain_text("24 MB per 1,024 tokens and slot")
    page.close()
