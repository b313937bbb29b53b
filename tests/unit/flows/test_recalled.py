"""What a model found out by tools it is given again in later turns; within bounds, whatever a chat's file says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.flows.scripted import Probe, ScriptedClient, access, as_client
from workers.chats.records import Message
from workers.flows.turns.ask import TurnAsk
from workers.flows.turns.conversation import conversation_of
from workers.flows.turns.direct import answer_directly
from workers.flows.turns.events import Noted
from workers.flows.turns.fitting import shorter
from workers.flows.turns.options import TurnOptions
from workers.flows.turns.recalled import MAX_RESULT_CHARS, note_of, recalled

SUM = {"id": "c1", "name": "calculator", "arguments": '{"expression": "2*3"}', "state": "done",
       "result": "6"}  # fmt: skip
REFUSED = {
    "id": "c2",
    "name": "clock",
    "arguments": "{",
    "state": "refused",
    "note": "Not allowed.",
}


def path(*calls: Any) -> tuple[Message, ...]:
    return (
        Message(id=1, parent=None, role="user", text="What is it?"),
        Message(id=2, parent=1, role="assistant", text="It is.", details={"calls": list(calls)}),
        Message(id=3, parent=2, role="user", text="And twice that?"),
    )


def test_a_model_that_may_call_gets_its_calls_and_results_before_its_words() -> None:
    asked, called, first, second, said, last = conversation_of(
        path(SUM, REFUSED), "", is_calling=True
    )
    assert [one.role for one in (asked, called, first, second, said, last)] == [
        "user", "assistant", "tool", "tool", "assistant", "user",
    ]  # fmt: skip
    assert [(one.name, one.arguments) for one in called.tool_calls] == [
        ("calculator", '{"expression": "2*3"}'),
        ("clock", "{}"),
    ]
    assert (first.text, first.tool_call_id) == ("6", "c1")
    assert (second.text, second.tool_call_id) == ("Not allowed.", "c2")
    assert (called.text, said.text, last.text) == ("", "It is.", "And twice that?")


def test_another_gets_them_in_words_with_their_question() -> None:
    asked, said, last = conversation_of(path(SUM), "")
    assert asked.text == "What is it?\n\n[Called for the answer: calculator(2*3) → 6]"
    assert (said.text, said.tool_calls) == ("It is.", ())
    assert last.text == "And twice that?"


@pytest.mark.parametrize(
    "call",
    [{**SUM, "state": "waiting"}, {**SUM, "id": 7}, {**SUM, "name": ""}, "calculator", None],
)
def test_what_is_no_call_that_has_ended_is_left_out(call: Any) -> None:
    assert recalled(path(call)[1]) == ()
    assert len(conversation_of(path(call), "", is_calling=True)) == 3


def test_a_chats_file_may_say_anything_of_its_calls() -> None:
    message = Message(id=1, parent=None, role="assistant", text="x", details={"calls": "many"})
    assert recalled(message) == ()


def test_long_results_are_cut_counted_and_said() -> None:
    messages = path({**SUM, "result": "x" * 9_000}, SUM)
    (cut, whole) = recalled(messages[1])
    assert cut.result.startswith("x" * MAX_RESULT_CHARS + "\n[Cut: 2,000 of 9,000")
    assert whole.result == "6"
    assert note_of(messages).startswith("Of 1 earlier result of tools")
    assert note_of(path(SUM)) == ""
    # 10 characters too many: the exchange goes, whose results alone free them
    assert shorter(messages, 0, 1000, 2100, 900) == 2


async def test_a_later_answer_has_them_and_says_what_is_cut() -> None:
    client = ScriptedClient(["Twelve."], context=8192)
    client_card = client.models.get("m", "text")
    client_card.parameters_m, client_card.context_length = 4000, 8192
    options = TurnOptions(tools=("calculator",), system="")
    asked = TurnAsk(
        path=path({**SUM, "result": "y" * 3_000}), options=options, tools=access(client, Probe())
    )
    events = [one async for one in answer_directly(as_client(client), asked)]
    details = {k: v for one in events if isinstance(one, Noted) for k, v in one.details.items()}
    assert "2,000 characters" in details["recalled_note"]
    (request,) = client.asked
    assert [one.role for one in request.messages] == [
        "user", "assistant", "tool", "assistant", "user",
    ]  # fmt: skip
