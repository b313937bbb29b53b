"""Long chats: an update costs what it changes, and what came before stays where it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.long_chats import ASKED, LONG, SHORT, cost_of_answer, open_chat
from tests.running import App

from .conftest import opened
from .test_chats import ask


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


def test_an_answer_in_a_long_chat_brings_no_more_bytes_than_in_a_short_one(
    fake_app: App, context: BrowserContext, tmp_path: Path
) -> None:
    costs = {}
    for num_messages in (SHORT, LONG):
        page = context.new_page()
        open_chat(page, fake_app.url, num_messages, tmp_path)
        costs[num_messages] = cost_of_answer(page)
        page.close()
    assert 0 < costs[LONG].num_bytes <= 1.5 * costs[SHORT].num_bytes
    assert 0 < costs[LONG].num_all_bytes <= 1.5 * costs[SHORT].num_all_bytes


def test_earlier_messages_come_when_they_are_asked_for(
    fake_app: App, context: BrowserContext, tmp_path: Path
) -> None:
    page = context.new_page()
    open_chat(page, fake_app.url, LONG, tmp_path)
    questions = page.locator("#chat-scroll .q-own")
    expect(questions).to_have_count(50)
    page.get_by_role("button", name="Show earlier messages (200 more)").click()
    expect(questions).to_have_count(100)
    expect(page.get_by_role("button", name="Show earlier messages (150 more)")).to_be_visible()


def test_a_message_that_was_found_is_gone_to_however_far_up(
    fake_app: App, context: BrowserContext, tmp_path: Path
) -> None:
    page = context.new_page()
    open_chat(page, fake_app.url, LONG, tmp_path)
    page.locator("#chat-list input[type=search]").fill("Message 0021.")
    found = page.locator("#chat-list li", has_text=f"chat of {LONG}")
    expect(found).to_contain_text("Message 0021.")
    found.click()
    shown = page.locator("#chat-scroll .q-own").filter(has_text="Message 0021.")
    expect(shown).to_be_in_viewport()


def test_an_answer_stays_while_the_next_one_is_written(
    fake_app: App, context: BrowserContext
) -> None:
    page: Page = opened(context, fake_app.url)
    ask(page, "!slow the first of two answers comes slowly to its end")
    expect(page.locator("#chat-stop")).to_be_visible()
    ask(page, ASKED.format(asked="a"))
    expect(page.locator("#chat-live")).to_contain_text("aword5", timeout=60_000)
    first = page.locator('#chat-scroll [data-testid="bot"]').filter(has_text="its end")
    expect(first.first).to_be_visible()
