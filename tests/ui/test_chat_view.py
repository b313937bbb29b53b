"""What can be done to a chat, and what of it reaches the model and the page."""

from __future__ import annotations

import dataclasses

from ui.text.layout import LATEX_DELIMITERS
from ui.text.rows import chat_rows
from ui.text.view import (
    Chat,
    ChatAnswer,
    advanced,
    ask,
    ask_again,
    ask_differently,
    can_continue,
    can_retry,
    edit_answer,
    exchange_of_row,
    is_running,
    rows,
    to_messages,
    turn_page,
    undo,
    version_label,
    write_answer,
)
from workers.messages import Finished, Started, TextDelta

ID = "r"


def _chat(*pairs: tuple[str, str]) -> Chat:
    chat: Chat = ()
    for question, text in pairs:
        chat = _answered(ask(chat, question), text)
    return chat


def _answered(chat: Chat, text: str) -> Chat:
    return write_answer(chat, ChatAnswer(text=text, state="stop", footer_html="<i>receipt</i>"))


def _failed(chat: Chat) -> Chat:
    return write_answer(chat, ChatAnswer(state="failed", footer_html="<b>too long</b>"))


def _said(chat: Chat, system: str = "") -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in to_messages(chat, system)]


def test_the_model_gets_the_conversation_without_footers() -> None:
    chat = ask(_chat(("Hi", "Hello")), "Who?")
    assert _said(chat, "Be brief.") == [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "Who?"),
    ]
    assert _said(chat, "  ")[0] == ("user", "Hi")


def test_the_page_gets_footers_as_rows_that_cannot_be_edited() -> None:
    drawn = chat_rows(_chat(("Hi", "    indented")))
    kinds = [(row["role"], row["content"][0]["type"]) for row in drawn]
    assert kinds == [("user", "text"), ("assistant", "text"), ("assistant", "component")]
    assert drawn[1]["content"][0]["text"] == "    indented"
    assert drawn[2]["content"][0]["value"] == "<i>receipt</i>"


def test_an_answer_that_has_not_begun_shows_that_it_is_awaited() -> None:
    assert "thinking" in rows(ask((), "Hi"))[1]["footer"]
    assert is_running(ask((), "Hi"))
    assert not is_running(_chat(("Hi", "Hello")))


def test_a_row_leads_back_to_its_exchange() -> None:
    chat = ask(_chat(("a", "b"), ("c", "d")), "e")
    assert [exchange_of_row(chat, row) for row in range(len(rows(chat)))] == [
        0,
        0,
        0,
        1,
        1,
        1,
        2,
        2,
    ]


def test_events_become_text_and_then_a_receipt() -> None:
    begun = advanced(ChatAnswer(), [Started(request_id=ID, queue_wait_s=0)], "cost")
    some = advanced(
        begun, [TextDelta(request_id=ID, text="Hel"), TextDelta(request_id=ID, text="lo")], "cost"
    )
    assert (some.text, some.state, some.footer_html) == ("Hello", "running", "")
    end = advanced(some, [TextDelta(request_id=ID, text="!"), Finished(request_id=ID)], "cost")
    assert (end.text, end.state, end.footer_html) == ("Hello!", "stop", "cost")


def test_asking_again_keeps_the_older_version_reachable() -> None:
    chat = _answered(ask_again(_chat(("Hi", "one"))), "two")
    assert version_label(chat) == "2 / 2"
    assert _said(chat)[-1] == ("assistant", "two")
    back = turn_page(chat, -1)
    assert (version_label(back), _said(back)[-1][1]) == ("1 / 2", "one")
    assert turn_page(back, -1) == back
    assert turn_page(turn_page(back, 1), 1) == chat


def test_asking_again_sends_the_question_without_the_old_answer() -> None:
    assert _said(ask_again(_chat(("Hi", "one")))) == [("user", "Hi")]


def test_an_answer_without_a_word_is_not_kept_as_a_version() -> None:
    chat = _answered(ask_again(_failed(ask((), "Hi"))), "at last")
    assert version_label(chat) == ""


def test_a_failed_question_stays_on_the_page_but_not_in_later_prompts() -> None:
    chat = _failed(ask(_chat(("Hi", "Hello")), "far too long"))
    assert "far too long" in [row.get("content") for row in rows(chat)]
    assert can_retry(chat)
    assert ("user", "far too long") in _said(ask_again(chat))
    assert ("user", "far too long") not in _said(ask(chat, "shorter"))


def test_undo_gives_the_question_back() -> None:
    chat = _chat(("a", "b"), ("c", "d"))
    assert undo(chat) == (chat[:1], "c")
    assert undo(()) == ((), "")


def test_a_changed_question_drops_what_was_built_on_it() -> None:
    chat = ask_differently(_chat(("a", "b"), ("c", "d"), ("e", "f")), 1, "C")
    assert _said(chat) == [("user", "a"), ("assistant", "b"), ("user", "C")]


def test_a_changed_answer_is_what_the_model_believes_it_said() -> None:
    chat = _chat(("a", "b"), ("c", "d"))
    changed = edit_answer(chat, 0, dataclasses.replace(chat[0].answer, text="B"))
    assert [text for _, text in _said(changed)] == ["a", "B", "c", "d"]


def test_a_stopped_answer_can_be_continued_and_an_empty_one_tried_again() -> None:
    stopped = write_answer(ask((), "Hi"), ChatAnswer(text="Hel", state="cancelled"))
    empty = write_answer(ask((), "Hi"), ChatAnswer(state="cancelled"))
    assert (can_continue(stopped), can_retry(stopped)) == (True, False)
    assert (can_continue(empty), can_retry(empty)) == (False, True)
    assert not can_continue(_chat(("Hi", "Hello")))
    assert not can_continue(())


def test_all_four_ways_to_write_a_formula_are_drawn() -> None:
    assert {item["left"] for item in LATEX_DELIMITERS} == {"$$", "$", "\\(", "\\["}
