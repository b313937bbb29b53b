"""From a tree of messages to what the page shows of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ui.text.exchanges import Exchange, Versions, exchanges_of, live_from
from ui.text.log.log_rows import rows_of
from ui.text.shown.answer import below_html
from workers.chats.records import Message, Tree, tree_of
from workers.flows.turns.answer import begun
from workers.messages import Queued


def said(id_: int, parent: int | None, text: str, **fields: Any) -> Message:
    role = "user" if text.endswith("?") else "assistant"
    return Message(id=id_, parent=parent, role=role, text=text, **fields)  # type: ignore[arg-type]


TREE: Tree = tree_of(
    [
        said(1, None, "why?"),
        said(2, 1, "because"),
        said(3, 1, "as it is"),
        said(4, 3, "how?"),
        said(5, 3, "how then?"),
        said(6, 5, "so", state="running"),
    ]
)


def test_the_path_is_seen_with_the_versions_of_each_message() -> None:
    first, second = exchanges_of(TREE, 6, {})
    assert first.question is not None
    assert first.answer is not None
    assert (first.question.text, first.answer.text) == ("why?", "as it is")
    assert first.answer_versions == Versions(place=2, count=2, before=2)
    assert second.question_versions == Versions(place=2, count=2, before=4)
    assert (second.is_running, first.is_running) == (True, False)
    assert exchanges_of(TREE, None, {}) == ()


def test_what_is_being_written_is_shown_as_it_is_now() -> None:
    live = begun(replace(TREE.messages[6], text="so far"))
    shown = exchanges_of(TREE, 6, {6: live})[-1]
    assert shown.answer is not None
    assert shown.answer.text == "so far"
    assert "working" in below_html(replace(shown, answer=replace(shown.answer, text="")))
    waits = replace(live, waits_for=Queued(request_id="r", num_ahead=2, reason="2 ahead"))
    assert "2 ahead" in below_html(replace(shown, live=waits))


def test_imported_chats_may_lack_a_question_or_an_answer() -> None:
    tree = tree_of([said(1, None, "hello"), said(2, 1, "more"), said(3, 2, "a?"), said(4, 3, "b?")])
    shown = exchanges_of(tree, 4, {})
    texts = [(one.question and one.question.text, one.answer and one.answer.text) for one in shown]
    assert texts == [(None, "hello"), (None, "more"), ("a?", None), ("b?", None)]
    assert 'data-act="answer"' in below_html(shown[-1])


def test_what_may_change_begins_with_the_first_running_answer_or_the_last() -> None:
    done, running = Exchange(answer=said(1, None, "x")), Exchange(answer=TREE.messages[6])
    assert live_from([done, running, Exchange()]) == 1
    assert live_from([done, done]) == 1
    assert live_from([]) == 0


@pytest.mark.parametrize(
    ("fields", "sentence", "action"),
    [
        ({"state": "cancelled"}, "Stopped here.", "go-on"),
        ({"state": "length"}, "Stopped at its longest length", "go-on"),
        (
            {"state": "length", "details": {"receipt": {"usage": {"completion_tokens": 4096}}}},
            "Stopped at 4,096 tokens: the longest length of an answer.",
            "go-on",
        ),
        (
            {
                "state": "length",
                "details": {
                    "receipt": {"usage": {"completion_tokens": 300}},
                    "context": {"used": 2047, "window": 2048},
                },
            },
            "Stopped at 300 tokens: the model&#x27;s context is full.",
            "go-on",
        ),
        ({"state": "interrupted"}, "Quintet ended while", "go-on"),
        ({"state": "interrupted", "text": ""}, "Quintet ended while", "retry"),
        ({"state": "failed", "error": "No <room>."}, "No &lt;room&gt;.", "retry"),
    ],
)
def test_an_end_that_is_not_the_answers_own_is_said(
    fields: dict[str, Any], sentence: str, action: str
) -> None:
    answer = replace(TREE.messages[2], **fields)
    html = below_html(Exchange(answer=answer))
    assert sentence in html
    assert (
        f'<div class="q-next-steps"><button type="button" class="q-b" data-act="{action}"' in html
    )


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"state": "stop"}, 1),
        ({"state": "stop", "text": ""}, 1),
        ({"state": "failed", "error": "No.", "text": ""}, 1),
        ({"state": "failed", "error": "No."}, 1),
        ({"state": "cancelled", "text": ""}, 1),
        ({"state": "cancelled"}, 1),
    ],
)
def test_an_answer_is_retried_by_one_button(fields: dict[str, Any], count: int) -> None:
    html = below_html(Exchange(answer=replace(TREE.messages[2], **fields)))
    assert html.count('data-act="retry"') == count


def test_a_longer_context_is_offered_where_there_is_memory_for_it() -> None:
    offer = {"model": "m", "context_tokens": 8192, "fits": True, "plan": "0.4 GB more."}
    failed = replace(TREE.messages[2], state="failed", error="Too long.", details={"offer": offer})
    html = below_html(Exchange(answer=failed))
    assert "Reload with 8,192 tokens" in html
    assert "(0.4 GB more)" in html
    too_big = replace(failed, details={"offer": {**offer, "fits": False}})
    assert "Reload" not in below_html(Exchange(answer=too_big))


def test_a_receipt_of_a_foreign_file_breaks_nothing() -> None:
    wrong = {"receipt": {"total_s": "long", "usage": {"decode_s": [], "thinking_s": True}}}
    html = below_html(Exchange(answer=replace(TREE.messages[2], details=wrong)))
    assert "0.0 s" in html


def test_rows_are_html_for_what_is_ours_and_markdown_for_the_answer() -> None:
    thinks = replace(
        TREE.messages[2], thought="hm", details={"receipt": {"usage": {"thinking_s": 6}}}
    )
    rows = rows_of([Exchange(question=TREE.messages[1], answer=thinks)])
    kinds = [(row["role"], row["content"][0]["type"]) for row in rows]
    assert kinds == [
        ("user", "component"),
        ("assistant", "text"),
        ("assistant", "text"),
        ("assistant", "component"),
    ]
    assert rows[1]["metadata"]["title"] == "Thought for 6 s"
