"""The list of chats: groups by the browser's clock, folders, what a search finds."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from ui.text.sidebar.chat_list import found_html, list_html
from workers.chats.records import FoundChat, KeptChat

ZONE = timezone(timedelta(hours=5, minutes=30))
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=ZONE)


def chat(name: str, *, hours_ago: float = 0, **fields: object) -> KeptChat:
    then = NOW.timestamp() - hours_ago * 3600
    return KeptChat(id=f"id-{name.strip(chr(60) + chr(62))}", title=name, changed_s=then, **fields)  # type: ignore[arg-type]


def order(html: str) -> list[str]:
    """Headlines, folders and titles, from the top down."""
    return re.findall(
        r'<h3[^>]*>(.*?)</h3>|data-folder="([^"]+)"><summary|<li [^>]*data-title="([^"]*)"', html
    )


def flat(html: str) -> list[str]:
    return [next(part for part in found if part) for found in order(html)]


def test_chats_are_grouped_by_when_they_changed_on_the_browsers_clock() -> None:
    chats = [
        chat("now"),
        chat("before dawn", hours_ago=8.9),
        chat("last night", hours_ago=9.1),
        chat("days ago", hours_ago=24 * 4),
        chat("long ago", hours_ago=24 * 40),
        chat("kept", is_pinned=True, hours_ago=24 * 400),
        chat("filed", folder="Work"),
    ]
    assert flat(list_html(chats, None, NOW)) == [
        "Pinned", "kept", "Today", "now", "before dawn", "Yesterday", "last night",
        "This week", "days ago", "Older", "long ago", "Work", "filed",
    ]  # fmt: skip


def test_the_open_chat_is_marked_and_its_folder_unfolded() -> None:
    html = list_html([chat("a", folder="F"), chat("b")], "id-a", NOW)
    assert html.count('aria-current="true"') == 1
    assert '<details class="q-folder" data-folder="F" open>' in html


def test_titles_are_text_and_a_running_answer_is_said() -> None:
    html = list_html([chat("<i>", is_running=True), KeptChat(id="x", title="")], None, NOW)
    assert "&lt;i&gt;" in html
    assert "<i>" not in html
    assert ", being written" in html
    assert "New chat" in html


def test_an_empty_list_says_where_chats_are_kept_or_why_they_are_not() -> None:
    assert "kept here" in list_html([], None, NOW)
    assert "no cookie" in list_html([], None, NOW, "no cookie")


def test_a_search_shows_where_it_was_found() -> None:
    found = FoundChat(chat=chat("a"), excerpt="… the <lens> …", message=7)
    html = found_html([found], None)
    assert 'data-message="7"' in html
    assert "&lt;lens&gt;" in html
    assert "No chat" in found_html([], None)
