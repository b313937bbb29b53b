"""The loop of a model with tools: leave, running, results, errors, bounds, Stop, formats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.unit.flows.scripted import Probe, ScriptedClient, access, as_client, ask
from workers.flows.turns.ask import TurnAsk
from workers.flows.turns.calls import INTERRUPTED, settled
from workers.flows.turns.events import Noted
from workers.flows.turns.speaking import speak
from workers.messages import ChatMessage, Event, Finished, TextDelta
from workers.messages.errors import NotFoundError, UnsupportedInputError

TURNS = (ChatMessage(role="user", text="Go"),)
UNASKED = ("calculator", "probe/*")


def spoken(client: ScriptedClient, asked: TurnAsk) -> AsyncGenerator[Event, None]:
    return speak(as_client(client), asked, TURNS)


async def all_of(client: ScriptedClient, asked: TurnAsk) -> tuple[str, dict[str, Any], Finished]:
    """Text, details and end of an answer."""
    events = [event async for event in spoken(client, asked)]
    details: dict[str, Any] = {}
    for event in events:
        details |= event.details if isinstance(event, Noted) else {}
    ends = [event for event in events if isinstance(event, Finished)]
    assert events[-1:] == ends
    return "".join(e.text for e in events if isinstance(e, TextDelta)), details, ends[0]


async def test_a_call_runs_and_the_model_goes_on_with_its_result() -> None:
    client = ScriptedClient(["Let me see.", ("calculator", '{"expression": "2*3"}')], ["It is 6."])
    text, details, end = await all_of(client, ask(access(client, Probe())))
    assert text == "Let me see.\n\nIt is 6."
    (call,) = details["calls"]
    assert (call["state"], call["result"], call["tool"]) == ("done", "6", "calculator")
    assert "calls_note" not in details
    assert (end.reason, end.usage.completion_tokens) == ("stop", 3)
    *_, said, result = client.asked[1].messages
    assert (said.role, said.text, said.tool_calls[0].name) == (
        "assistant",
        "Let me see.",
        "calculator",
    )
    assert (result.role, result.text, result.tool_call_id) == ("tool", "6", call["id"])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (("nothing", "{}"), "There is no tool 'nothing'. There are: calculator"),
        (("calculator", "{"), "no JSON"),
        (("calculator", "[]"), "must be a JSON object"),
        (("calculator", '{"sum": 1}'), "arguments are not right"),
        (("calculator", '{"expression": "x"}'), "no arithmetic"),
        (("fail", "{}"), "ZeroDivisionError: no luck"),
    ],
)
async def test_what_goes_wrong_goes_back_to_the_model(call: tuple[str, str], sentence: str) -> None:
    client = ScriptedClient([call], ["Sorry."])
    text, details, _ = await all_of(client, ask(access(client, Probe(), unasked=UNASKED)))
    assert text == "Sorry."
    assert details["calls"][0]["state"] == "failed"
    assert sentence in details["calls"][0]["note"]
    assert sentence in client.asked[1].messages[-1].text


async def test_several_calls_of_one_round_keep_their_order() -> None:
    calls = [("echo", f'{{"text": "{n}"}}') for n in range(20)]
    client = ScriptedClient(calls, ["Done."])
    _, details, _ = await all_of(client, ask(access(client, Probe(), unasked=UNASKED)))
    assert [call["result"] for call in details["calls"][:16]] == [str(n) for n in range(16)]
    assert all("At most 16" in call["note"] for call in details["calls"][16:])
    results = [turn for turn in client.asked[1].messages if turn.role == "tool"]
    assert len(results) == 20


async def test_rounds_are_bounded_and_that_is_said() -> None:
    client = ScriptedClient(["So: ", ("echo", '{"text": "again"}')])
    tools = access(client, Probe(), unasked=UNASKED, max_rounds=3)
    text, details, end = await all_of(client, ask(tools))
    assert len(details["calls"]) == 3
    assert "3 rounds" in details["calls_note"]
    assert [asked.tool_choice for asked in client.asked] == ["auto"] * 3 + ["none"]
    assert (text.count("So: "), end.reason) == (4, "stop")


async def test_long_results_are_cut_and_that_is_said() -> None:
    client = ScriptedClient([("long", "{}"), ("long", "{}")], ["Well."], context=2000)
    _, details, _ = await all_of(client, ask(access(client, Probe(), unasked=UNASKED)))
    assert all("of 100,000 characters" in call["note"] for call in details["calls"])
    assert sum(len(call["result"]) for call in details["calls"]) < 3200


async def test_a_model_that_says_nothing_after_its_calls_is_asked_for_an_answer() -> None:
    client = ScriptedClient([("calculator", '{"expression": "2*3"}')], [], ["It is 6."])
    text, _, _ = await all_of(client, ask(access(client, Probe())))
    assert text == "It is 6."
    assert [asked.tool_choice for asked in client.asked] == ["auto", "auto", "none"]


async def test_a_model_that_never_says_anything_is_said_to() -> None:
    client = ScriptedClient([("calculator", '{"expression": "2*3"}')], [])
    text, details, _ = await all_of(client, ask(access(client, Probe())))
    assert text == ""
    assert "said nothing after its calls" in details["calls_note"]


async def test_a_model_that_knows_no_tools_is_named() -> None:
    client = ScriptedClient(["Hello."], capabilities=())
    _, details, _ = await all_of(client, ask(access(client, Probe())))
    assert "The model was not made to call tools" in details["calls_note"]


async def test_chosen_tools_that_are_gone_are_named_and_the_model_answers_without() -> None:
    client = ScriptedClient(["Hello."])
    asked = ask(access(client, Probe()))
    options = asked.options.model_copy(update={"tools": ("gone/tool",)})
    text, details, _ = await all_of(
        client, TurnAsk(path=asked.path, options=options, tools=asked.tools)
    )
    assert (text, details) == ("Hello.", {"calls_note": "There is no tool 'gone/tool'."})


async def test_without_a_box_of_tools_the_wish_is_refused() -> None:
    client = ScriptedClient(["Hello."])
    asked = ask(access(client, Probe()))
    with pytest.raises(UnsupportedInputError, match="No tools"):
        await all_of(client, TurnAsk(path=asked.path, options=asked.options))


async def waiting(events: AsyncGenerator[Event, None]) -> list[dict[str, Any]]:
    """Read until a call waits for leave; returns the calls."""
    async for event in events:
        if isinstance(event, Noted) and event.details["calls"][0]["state"] == "waiting":
            return list(event.details["calls"])
    pytest.fail("nothing waits")


async def rest(events: AsyncGenerator[Event, None]) -> list[dict[str, Any]]:
    """Return the calls at the end."""
    calls: list[dict[str, Any]] = []
    async for event in events:
        if isinstance(event, Noted) and "calls" in event.details:
            calls = list(event.details["calls"])
    return calls


ECHO = ("echo", '{"text": "hi"}')


@pytest.mark.parametrize(
    ("decision", "state"), [("once", "done"), ("chat", "done"), ("no", "refused")]
)
async def test_a_call_waits_for_leave(decision: Any, state: str) -> None:
    client, probe = ScriptedClient([ECHO], [ECHO], ["Done."]), Probe()
    tools = access(client, probe)
    events = spoken(client, ask(tools))
    (call,) = await waiting(events)
    assert probe.ran == []
    tools.consents.decide(call["id"], decision)
    with pytest.raises(NotFoundError):
        tools.consents.decide("another", decision)
    if decision == "chat":
        calls = await rest(events)
        assert [one["state"] for one in calls] == ["done", "done"]
        return
    second = next(one for one in await waiting_again(events) if one["state"] == "waiting")
    tools.consents.decide(second["id"], "no")
    calls = await rest(events)
    assert [one["state"] for one in calls] == [state, "refused"]
    assert len(probe.ran) == (1 if decision == "once" else 0)


async def waiting_again(events: AsyncGenerator[Event, None]) -> list[dict[str, Any]]:
    async for event in events:
        if isinstance(event, Noted) and event.details["calls"][-1]["state"] == "waiting":
            return list(event.details["calls"])
    pytest.fail("there is no second call")


async def test_leave_for_the_chat_lets_all_waiting_calls_of_the_tool_go() -> None:
    client, probe = ScriptedClient([ECHO, ECHO], ["Done."]), Probe()
    tools = access(client, probe)
    events = spoken(client, ask(tools))
    first, _ = await waiting(events)
    assert tools.consents.decide(first["id"], "chat") == "probe/echo"
    assert [call["state"] for call in await rest(events)] == ["done", "done"]


async def test_what_nobody_allows_in_time_is_refused() -> None:
    client, probe = ScriptedClient([ECHO], ["Done."]), Probe()
    _, details, _ = await all_of(client, ask(access(client, probe, consent_timeout_s=0.01)))
    assert details["calls"][0]["state"] == "refused"
    assert "Nobody allowed" in details["calls"][0]["note"]
    assert probe.ran == []


@pytest.mark.parametrize("unasked", [UNASKED, ()])
async def test_stop_ends_a_call_that_runs_or_waits(unasked: tuple[str, ...]) -> None:
    client, probe = ScriptedClient([("wait", "{}")], ["Never."]), Probe()
    events = spoken(client, ask(access(client, probe, unasked=unasked)))
    wanted = "running" if unasked else "waiting"
    async for event in events:
        if isinstance(event, Noted) and event.details["calls"][0]["state"] == wanted:
            break
    await asyncio.sleep(0)
    client.switch.press()
    left = [event async for event in events]
    assert isinstance(left[-1], Finished)
    assert left[-1].reason == "cancelled"
    noted = [event for event in left if isinstance(event, Noted)]
    assert noted[-1].details["calls"][0]["note"] == "Stopped before it had ended."
    assert probe.is_ended == bool(unasked)


async def test_closing_the_answer_ends_its_calls() -> None:
    client, probe = ScriptedClient([("wait", "{}")]), Probe()
    events = spoken(client, ask(access(client, probe, unasked=UNASKED)))
    async for event in events:
        if isinstance(event, Noted):
            break
    while not probe.ran:
        await asyncio.sleep(0)
    await events.aclose()
    assert probe.is_ended


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.mark.parametrize(
    ("said", "key", "value"),
    [
        ('{"n": 3}', "data", {"n": 3}),
        ('{"n": "x"}', "data_error", "The answer does not obey the schema. n: 'x' is not of type"),
        ('{"n": ', "data_error", "The answer is no JSON"),
    ],
)
async def test_an_answer_with_a_schema_is_a_value_or_says_why_not(
    said: str, key: str, value: Any
) -> None:
    client = ScriptedClient([said])
    asked = ask(access(client, Probe()), answer_schema=SCHEMA)
    options = asked.options.model_copy(update={"tools": ()})
    _, details, _ = await all_of(client, TurnAsk(path=asked.path, options=options))
    assert details[key] == value or str(details[key]).startswith(str(value))
    assert client.asked[0].constraint is not None


async def test_calls_come_before_an_answer_with_a_schema() -> None:
    client = ScriptedClient(["Hm.", ECHO], ["Free words."], ['{"n": 3}'])
    asked = ask(access(client, Probe(), unasked=UNASKED), answer_schema=SCHEMA)
    text, details, end = await all_of(client, asked)
    assert (text, details["data"]) == ('{"n": 3}', {"n": 3})
    assert [one.constraint is None for one in client.asked] == [True, True, False]
    assert end.usage.completion_tokens == 4


def test_calls_of_an_answer_that_is_over_wait_for_nothing() -> None:
    calls = [{"id": "a", "state": "waiting"}, {"id": "b", "state": "done"}]
    assert settled(calls, is_running=True) == calls
    over = settled(calls, is_running=False)
    assert [call["state"] for call in over] == ["failed", "done"]
    assert over[0]["note"] == INTERRUPTED
