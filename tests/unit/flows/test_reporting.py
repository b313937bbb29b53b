"""Flows for doors that keep no chats: what is sent, in which order; and who leaves in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from tests.unit.flows.scripted_client import ScriptedClient, ask_of
from workers.flows.turns.events import Noted, Rewritten
from workers.flows.turns.of_messages import ask_of_messages
from workers.flows.turns.options import TurnOptions
from workers.flows.turns.reporting import OVER, report_of, reported
from workers.flows.turns.ways import WAYS, way_of
from workers.messages import ChatMessage, Event, Finished, TextDelta, ToolCall
from workers.messages.errors import UnsupportedInputError

END = Finished(request_id="")


def said(text: str) -> TextDelta:
    return TextDelta(request_id="", text=text)


def noted(*states: str, **details: Any) -> Noted:
    steps = [{"title": "a", "state": state} for state in states]
    return Noted(request_id="", details={"flow": {"name": "plan"}, "steps": steps, **details})


async def sent(events: Sequence[Event], *, is_streamed: bool) -> list[Event]:
    async def source() -> AsyncGenerator[Event, None]:
        for event in events:
            yield event

    return [event async for event in reported(source(), is_streamed=is_streamed)]


def words(events: Sequence[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, TextDelta)]


async def test_a_whole_answer_that_takes_the_place_of_another_is_sent_as_far_as_it_can_be() -> None:
    events = [said("Anna"), Rewritten(request_id="", text="Anna [1]"), END]
    assert words(await sent(events, is_streamed=True)) == ["Anna", " [1]"]
    events = [said("Far a"), Rewritten(request_id="", text="Near"), said(" by"), END]
    assert words(await sent(events, is_streamed=True)) == ["Far a", f"{OVER}Near", " by"]
    assert words(await sent(events, is_streamed=False)) == ["Near by"]


async def test_nothing_is_noted_before_a_step_has_come_to_something() -> None:
    """Or a refusal could not be an HTTP status any more."""
    waiting, failed = noted("running", "waiting"), noted("failed", "waiting")
    done, last = noted("done", "running"), noted("done", "done", saved={"tokens": 3})
    events = [waiting, failed, done, done, last, END]
    found = [
        event.details for event in await sent(events, is_streamed=True) if isinstance(event, Noted)
    ]
    assert found == [done.details, last.details]
    assert report_of(found[-1])["saved"] == {"tokens": 3}
    assert report_of(found[-1])["flow"] == "plan"


async def test_what_is_noted_of_another_message_is_not_sent() -> None:
    other = Noted(request_id="", details={"files": []}, message=3)
    assert await sent([other, END], is_streamed=True) == [END]


@pytest.mark.parametrize("flow", [name for name in WAYS if name != "direct"])
@pytest.mark.parametrize("number", [1, 3, 6, 9])
async def test_who_leaves_in_the_middle_leaves_nothing_under_way(flow: str, number: int) -> None:
    client = ScriptedClient(lambda _: "1. one word 2. another word")
    ask = ask_of("Do it", flow=flow)
    async with aclosing(way_of(ask.options)(client, ask)) as events:
        async for event in events:
            number -= isinstance(event, (TextDelta, Noted))
            if number == 0:
                break
    for _ in range(20):  # the loop closes what is nested, one after the other
        await asyncio.sleep(0)
    assert client.num_open == 0


def test_a_conversation_becomes_an_ask() -> None:
    turns = [
        ChatMessage(role="system", text="Be kind."),
        ChatMessage(role="user", text="Hi"),
        ChatMessage(role="assistant", text="Hello"),
        ChatMessage(role="system", text="Be brief."),
        ChatMessage(role="user", text="Why?"),
    ]
    ask = ask_of_messages(turns, TurnOptions())
    assert ask.options.system == "Be kind.\n\nBe brief."
    assert [(one.role, one.text) for one in ask.path] == [
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "Why?"),
    ]


@pytest.mark.parametrize(
    "turns",
    [
        (),
        (ChatMessage(role="assistant", text="I"),),
        (ChatMessage(role="tool", text="4", tool_call_id="a"), ChatMessage(role="user", text="?")),
        (
            ChatMessage(
                role="assistant",
                text="",
                tool_calls=(ToolCall(call_id="a", name="f", arguments=""),),
            ),
            ChatMessage(role="user", text="?"),
        ),
    ],
)
def test_what_no_flow_can_answer_is_refused(turns: tuple[ChatMessage, ...]) -> None:
    with pytest.raises(UnsupportedInputError):
        ask_of_messages(turns, TurnOptions())
