"""Calls, values and the switches for both, as HTML and as what the composer draws."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, cast

import pytest

from ui.text.attached.collections_switch import note_collections
from ui.text.composer.missing import missing_words
from ui.text.exchanges import Exchange
from ui.text.shown.answer import below_html
from ui.text.shown.calls import calls_html
from ui.text.shown.data import as_csv, columns_of, data_html, shown_json
from ui.text.tools.tools_switch import (
    FREE,
    OWN,
    SAMPLES,
    format_state,
    note_tools,
    schema_from,
    tools_state,
    write_format,
    write_tools,
)
from workers.chats.records import Message
from workers.client import Client
from workers.flows.turns.answer import LiveAnswer
from workers.flows.turns.calls import one_line
from workers.flows.turns.options import TurnOptions
from workers.messages import CollectionInfo, Queued
from workers.messages.errors import UnsupportedInputError
from workers.tools.builtin import CALCULATOR
from workers.tools.records import ToolSource

EVIL = "<img src=x onerror=alert(1)>"
CALL = {
    "id": "c1", "name": "calculator", "tool": "calculator", "arguments": '{"expression": "2*3"}',
    "state": "done", "result": "6", "seconds": 0.12, "note": "",
}  # fmt: skip


def message(state: Any = "stop", **details: Any) -> Message:
    return Message(id=7, parent=1, role="assistant", text="{}", state=state, details=details)


def test_a_call_is_one_line() -> None:
    assert one_line(CALL) == "calculator(2*3) → 6 · 0.1 s"
    two = {**CALL, "arguments": '{"a": 1, "b": ["x"]}', "state": "failed", "note": "no luck"}
    assert one_line(two) == 'calculator(a: 1, b: ["x"]) failed: no luck · 0.1 s'
    assert one_line({**CALL, "state": "refused", "seconds": 0}) == "calculator(2*3) was not allowed"
    assert len(one_line({**CALL, "arguments": "[" * 9999, "result": "y" * 9999})) < 200


def test_a_call_that_waits_is_a_card_only_while_the_answer_is_written() -> None:
    waiting = [{**CALL, "state": "waiting"}]
    card = calls_html(waiting, message("running"))
    for decision in ("once", "chat", "no"):
        assert f'data-decision="{decision}"' in card
    assert 'data-act="decide"' in card
    assert 'data-message="7"' in card
    over = calls_html(waiting, message("interrupted"))
    assert "data-act" not in over
    assert "Interrupted" in over


def test_while_a_call_waits_nothing_else_is_said_to_work() -> None:
    running = message("running", calls=[{**CALL, "state": "waiting"}])
    silent = below_html(Exchange(answer=Message(**{**fields(running), "text": ""})))
    assert "working" not in silent
    begun = LiveAnswer(
        message=running, waits_for=Queued(request_id="r", num_ahead=1, reason="working")
    )
    assert "working" not in below_html(Exchange(answer=running, live=begun))


def fields(one: Message) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def test_nothing_of_a_call_or_a_value_is_markup() -> None:
    evil = {**CALL, "name": EVIL, "tool": EVIL, "arguments": EVIL, "result": EVIL, "note": EVIL}
    for state in ("waiting", "done", "failed"):
        assert "<img" not in calls_html([{**evil, "state": state}], message("running"))
    values: list[Any] = [[{EVIL: EVIL}], {EVIL: [EVIL, {EVIL: EVIL}]}, EVIL]
    for value in values:
        assert "<img" not in data_html(value, message())


def test_a_list_of_flat_objects_is_a_table_and_all_else_a_tree() -> None:
    rows = [{"name": "a", "n": 1}, {"name": "b", "more": True}]
    assert columns_of(rows) == ("name", "n", "more")
    assert "<table>" in data_html(rows, message())
    assert "Save as CSV" in data_html(rows, message())
    others: list[Any] = [{"a": [1, 2]}, [1, 2], [{"a": {"b": 1}}], [{}], []]
    for value in others:
        assert columns_of(value) == ()
        assert "<table>" not in data_html(value, message())
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    assert data_html(deep, message())


def test_a_file_for_a_spreadsheet_holds_no_formula() -> None:
    rows: list[dict[str, Any]] = [
        {"name": '=HYPERLINK("x")', "n": -1},
        {"name": 'a "b", c\nd', "n": None},
    ]
    read = list(csv.reader(io.StringIO(as_csv(rows, ("name", "n")))))
    assert read == [["name", "n"], ['\'=HYPERLINK("x")', "-1"], ['a "b", c\nd', ""]]


def test_words_give_way_to_the_value() -> None:
    assert shown_json("{}", message(data={"a": 1})) == ""
    assert shown_json("{}", message(data_error="no")) == "{}"


class Known:
    """Stands in for a client, which the switches only remember things by."""


def test_the_switch_of_tools_lists_sources_and_says_what_is_broken() -> None:
    client = cast(Client, Known())
    nothing = tools_state(client, TurnOptions(), "anna")
    assert nothing is not None
    assert (nothing.label, nothing.is_on, nothing.opens) == ("Tools", False, "look-for-tools")
    sources = (
        ToolSource(name="builtin", title="Built in", kind="builtin", tools=(CALCULATOR,)),
        ToolSource(name="git", title="git", kind="mcp", error="It is down."),
    )
    note_tools(client, sources)
    state = tools_state(client, TurnOptions(tools=("calculator", "gone/x")), "anna")
    assert state is not None
    assert (state.label, state.is_on) == ("Tools 2", True)
    by_value = {choice.value: choice for choice in state.choices}
    assert by_value["calculator"].is_offered
    assert not by_value["git/"].is_offered
    assert "It is down." in by_value["git/"].note
    assert by_value["gone/x"].note == "not there any more"


def test_a_tool_that_is_gone_is_said_once_somebody_has_looked() -> None:
    client, chosen = cast(Client, Known()), ("calculator", "gone/x", "git/*")
    assert missing_words(client, chosen, ("harbour",)) == ()
    built_in = ToolSource(name="builtin", title="Built in", kind="builtin", tools=(CALCULATOR,))
    note_tools(client, [built_in], with_own=False)  # somebody who may not use this machine's own
    assert missing_words(client, chosen, ()) == ()
    assert missing_words(client, ("abacus",), ()) == (
        "There is no tool 'abacus': answers go without",
    )
    down = ToolSource(name="git", title="git", kind="mcp", error="It is down.")
    note_tools(client, [built_in, down])
    note_collections(client, [CollectionInfo(name="house", num_documents=1, num_chunks=1)])
    assert missing_words(client, chosen, ("harbour", "house")) == (
        "There is no tool 'gone/x': answers go without",
        "git/* is not there: It is down: answers go without",
        "There is no collection “harbour” any more: answers go without",
    )


def test_tools_are_chosen_by_name() -> None:
    assert write_tools(TurnOptions(), ["a", "a", "b"]).tools == ("a", "b")
    for value in ("a", [1], [str(n) for n in range(65)]):
        with pytest.raises(UnsupportedInputError):
            write_tools(TurnOptions(), value)


def test_a_format_is_a_sample_ones_own_or_none() -> None:
    own = TurnOptions(answer_schema={"type": "object"})
    for options, value in ((TurnOptions(), FREE), (own, OWN)):
        state = format_state(cast(Client, Known()), options, "anna")
        assert state is not None
        assert (state.value, state.is_on) == (value, value != FREE)
    for name, (_, schema) in SAMPLES.items():
        chosen = write_format(own, name)
        assert chosen.answer_schema == schema_from(json.dumps(schema)) == schema
    assert write_format(own, FREE).answer_schema is None
    with pytest.raises(UnsupportedInputError):
        write_format(own, "nothing")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": "nonsense"}', " " * 70_000, "[" * 9999])
def test_what_is_no_schema_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedInputError):
        schema_from(text)
