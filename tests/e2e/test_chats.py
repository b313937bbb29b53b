"""Chats that last: reloaded, looked at twice, changed, found, deleted and brought back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.running import App

from .conftest import opened

SLOW = "!slow " + " ".join(f"word{n}" for n in range(400))
"""The fake says it back, some words a second."""

NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def app(fake_app: App) -> App:
    return fake_app


def ask(page: Page, text: str) -> None:
    page.locator("#chat-input").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator("#chat-input")).to_have_value("")


def questions(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("#chat-scroll .q-own").all_inner_texts()]


def expect_said(page: Page, *texts: str) -> None:
    """The answers that are shown, from the top down."""
    said = page.locator('#chat-scroll [data-testid="bot"] .prose')
    expect(said).to_have_text([text + " " for text in texts], use_inner_text=False)


def ended(page: Page, number: int) -> None:
    expect(page.locator("#chat-scroll .q-acts .q-receipt")).to_have_count(number)


def rows(page: Page) -> list[str]:
    return page.locator("#chat-list li .q-li > .q-cut").all_inner_texts()


def choose_in_menu(page: Page, title: str, item: str) -> None:
    row = page.locator("#chat-list li", has_text=title)
    row.hover()
    row.locator(".q-row-menu").click()
    page.get_by_role("menuitem", name=item).click()


def test_a_reload_and_a_second_tab_show_the_same_chat(context: BrowserContext, page: Page) -> None:
    ask(page, "first of all")
    ended(page, 1)
    expect(page).to_have_url(re.compile("chat="))
    page.reload()
    ended(page, 1)
    assert questions(page) == ["first of all"]
    other = opened(context, page.url)
    ended(other, 1)
    ask(other, "second")
    ended(other, 2)
    ended(page, 2)
    assert questions(page) == ["first of all", "second"]


def test_an_answer_goes_on_when_its_tab_closes(context: BrowserContext, page: Page) -> None:
    ask(page, SLOW)
    expect(page.locator("#chat-live")).to_contain_text("word3")
    url = page.url
    page.close()
    again = opened(context, url)
    expect(again.locator("#chat-live")).to_contain_text("word3")
    expect(again.locator("#chat-stop")).to_be_visible()
    again.locator("#chat-stop").click()
    expect(again.locator("#chat-live")).to_contain_text("Stopped here.")
    expect(again.locator("#chat-send")).to_be_visible()


def test_another_chat_in_the_middle_of_an_answer_mixes_nothing(page: Page) -> None:
    ask(page, SLOW)
    expect(page.locator("#chat-live")).to_contain_text("word3")
    page.get_by_role("button", name="New chat", exact=True).click()
    expect(page.locator("#chat-empty")).to_be_visible()
    ask(page, "short one")
    ended(page, 1)
    assert questions(page) == ["short one"]
    expect(page.locator("#chat-scroll")).not_to_contain_text("word3")
    page.locator("#chat-list .q-li", has_text="word0").click()
    expect(page.locator("#chat-live")).to_contain_text("word3")
    page.keyboard.press("Escape")
    expect(page.locator("#chat-live")).to_contain_text("Stopped here.")


def test_what_is_sent_in_the_middle_of_an_answer_is_answered_after_it(page: Page) -> None:
    ask(page, "!slow one two three four five six seven")
    ask(page, "and then")
    ended(page, 2)
    assert questions(page) == ["!slow one two three four five six seven", "and then"]


def test_retry_makes_a_version_and_edit_a_branch(page: Page) -> None:
    ask(page, "one question")
    ended(page, 1)
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.locator("#chat-scroll")).to_contain_text("2 of 2")
    page.get_by_role("button", name="Previous version of the answer").click()
    expect(page.locator("#chat-scroll")).to_contain_text("1 of 2")
    page.locator("#chat-input").focus()
    page.keyboard.press("ArrowUp")
    editor = page.get_by_label("Edit the question", exact=True).and_(page.locator("textarea"))
    expect(editor).to_have_value("one question")
    editor.fill("another question")
    page.keyboard.press("Enter")
    expect(page.locator("#chat-scroll .q-own")).to_have_text("another question")
    ended(page, 1)
    page.get_by_role("button", name="Previous version of the question").click()
    expect(page.locator("#chat-scroll .q-own")).to_have_text("one question")
    page.get_by_role("button", name="Branch from here").click()
    expect(page.locator("#chat-list li.on")).to_contain_text("(branch)")
    assert questions(page) == ["one question"]


def test_a_changed_answer_is_what_the_model_goes_by(page: Page) -> None:
    ask(page, "say it")
    ended(page, 1)
    page.get_by_role("button", name="Edit", exact=True).click()
    editor = page.get_by_label("Edit the answer", exact=True)
    editor.fill("What I **meant**.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#chat-live .prose strong")).to_have_text("meant")
    expect(page.locator("#chat-scroll")).to_contain_text("changed by hand")


def test_a_chat_is_renamed_pinned_filed_deleted_and_brought_back(page: Page) -> None:
    ask(page, "about lamps")
    ended(page, 1)
    choose_in_menu(page, "about lamps", "Rename")
    page.get_by_label("Title", exact=True).fill("Lamps")
    page.keyboard.press("Enter")
    expect(page.locator("#chat-list li.on")).to_contain_text("Lamps")
    expect(page).to_have_title("Lamps · Quintet")
    choose_in_menu(page, "Lamps", "Pin")
    expect(page.locator("#chat-list h3").first).to_have_text("Pinned")
    choose_in_menu(page, "Lamps", "Unpin")
    choose_in_menu(page, "Lamps", "Move to a folder")
    page.get_by_label("Folder, empty for none").fill("Harbour")
    page.keyboard.press("Enter")
    expect(page.locator("#chat-list details.q-folder > summary")).to_contain_text("Harbour")
    choose_in_menu(page, "Lamps", "Delete")
    expect(page.locator("#chat-empty")).to_be_visible()
    expect(page.locator("#chat-list li", has_text="Lamps")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#chat-list li.on")).to_contain_text("Lamps")
    assert questions(page) == ["about lamps"]


def test_a_search_finds_words_of_messages_and_jumps_there(page: Page) -> None:
    ask(page, "the heliotrope blooms")
    ended(page, 1)
    page.get_by_role("button", name="New chat", exact=True).click()
    page.get_by_label("Search all chats").fill("eliotro")
    expect(page.locator("#chat-list li")).to_have_count(1)
    page.locator("#chat-list .q-li").click()
    expect(page.locator("#chat-scroll .q-own")).to_have_text("the heliotrope blooms")
    page.get_by_label("Search all chats").fill("zeppelin")
    expect(page.locator("#chat-list")).to_contain_text("No chat has these words")


def test_a_private_chat_leaves_nothing(page: Page) -> None:
    page.get_by_role("button", name="Private chat, not kept").click()
    expect(page.locator("#chat-composer")).to_contain_text("nothing of it is kept")
    ask(page, "between you and me")
    ended(page, 1)
    assert "chat=" not in page.url
    assert rows(page) == []
    page.reload()
    expect(page.locator("#chat-empty")).to_be_visible()


def test_chats_go_out_as_files_and_come_in_again(page: Page, tmp_path: Path) -> None:
    ask(page, "what leaves")
    ended(page, 1)
    found: dict[str, str] = {}
    for item, kind in (("Export as Markdown", "md"), ("Export as JSON, all versions", "json")):
        with page.expect_download() as download:
            choose_in_menu(page, "what leaves", item)
        assert download.value.suggested_filename == f"what leaves.{kind}"
        found[kind] = Path(download.value.path()).read_text("utf-8")
    assert found["md"].startswith("# what leaves")
    assert len(json.loads(found["json"])["chats"]) == 1
    with page.context.expect_page() as printed:
        choose_in_menu(page, "what leaves", "Page to print")
    expect(printed.value.locator("h1")).to_have_text("what leaves")
    file = tmp_path / "chats.json"
    file.write_text(found["json"], "utf-8")
    page.locator("#chat-list input[type=file]").set_input_files(str(file))
    expect(page.locator("#chat-notice")).to_contain_text("1 chat was taken in")
    expect(page.locator("#chat-list li", has_text="what leaves")).to_have_count(2)


def test_another_browser_sees_nothing_of_it(app: App, browser: Browser, page: Page) -> None:
    ask(page, "mine alone")
    ended(page, 1)
    chat = page.locator("#chat-list li.on").get_attribute("data-chat")
    other = browser.new_context()
    try:
        stranger = opened(other, page.url)
        expect(stranger.locator("#chat-notice")).to_contain_text("no such chat")
        assert rows(stranger) == []
        for path in (f"/chats/{chat}/export.md", f"/chats/{chat}/export.json"):
            assert other.request.get(f"{app.url}{path}").status == 404
        assert page.request.get(f"{app.url}/chats/{chat}/export.md").status == 200
    finally:
        other.close()


def test_what_is_typed_survives_a_look_at_another_chat(page: Page) -> None:
    ask(page, "a chat")
    ended(page, 1)
    page.locator("#chat-input").fill("half a thought")
    page.get_by_role("button", name="New chat", exact=True).click()
    expect(page.locator("#chat-input")).to_have_value("")
    page.locator("#chat-list .q-li", has_text="a chat").click()
    expect(page.locator("#chat-input")).to_have_value("half a thought")
    expect(page.locator("#chat-input")).to_be_focused()
