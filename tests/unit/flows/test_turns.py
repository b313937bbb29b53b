"""Answers that are written on the server: kept before they are shown, found again, stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field

import pytest

from workers.chats.own_chats import OwnChats
from workers.chats.store import ChatStore
from workers.flows.receipt import Receipt
from workers.flows.turns.answer import begun
from workers.flows.turns.events import Noted, Rewritten
from workers.flows.turns.turn import UNFORESEEN, Turn
from workers.messages import (
    Event,
    Finished,
    Progress,
    Queued,
    Started,
    TextDelta,
    ThoughtDelta,
    Usage,
)
from workers.messages.errors import DiskFullError, NotFoundError, UnsupportedInputError


@pytest.fixture
def own() -> Iterator[OwnChats]:
    store = ChatStore(None)
    yield store.of("anna")
    store.close()


@dataclass(slots=True)
class Script:
    """Events one after the other; an error is raised, a gate waited for."""

    steps: list[Event | Exception | asyncio.Event]
    is_closed: bool = field(default=False)

    async def events(self) -> AsyncGenerator[Event, None]:
        try:
            for step in self.steps:
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, Exception):
                    raise step
                else:
                    yield step
        finally:
            self.is_closed = True


def text(words: str) -> TextDelta:
    return TextDelta(request_id="r", text=words)


def end(**fields: object) -> Finished:
    return Finished(request_id="r", **fields)  # type: ignore[arg-type]


def new_turn(own: OwnChats) -> Turn:
    chat = own.create()
    message = own.begin_answer(chat.id, own.add_question(chat.id, None, "Why?"))
    return Turn(own, chat.id, begun(own.tree(chat.id).messages[message]))


async def test_an_answer_is_kept_with_its_thought_notes_and_receipt(own: OwnChats) -> None:
    turn = new_turn(own)
    usage = Usage(prompt_tokens=7, completion_tokens=3, decode_s=0.5)
    script = Script(
        [
            Queued(request_id="r", num_ahead=1, reason="1 ahead"),
            Started(request_id="r", queue_wait_s=0.25, load_s=0.125),
            ThoughtDelta(request_id="r", text="hm"),
            text("Because "),
            Noted(request_id="r", details={"sources": [1]}),
            text("of air."),
            end(usage=usage, peak_mib=300),
        ]
    )
    turn.begin(script.events())
    answer = await turn.wait()
    kept = own.tree(turn.chat).messages[answer.message.id]
    assert (kept.text, kept.thought, kept.state) == ("Because of air.", "hm", "stop")
    assert kept.details["sources"] == [1]
    receipt = Receipt.of(kept.details["receipt"])
    assert (receipt.usage, receipt.peak_mib, receipt.loaded_s) == (usage, 300, 0.125)
    assert receipt.tokens_per_s == 6
    assert receipt.reason == "stop"
    assert answer.message == kept
    assert script.is_closed


async def test_what_is_shown_is_kept_before_and_everybody_who_looks_sees_it(own: OwnChats) -> None:
    turn, gate = new_turn(own), asyncio.Event()
    turn.begin(Script([text("one "), gate, text("two"), end()]).events())
    seen: dict[int, list[str]] = {0: [], 1: []}

    async def look(reader: int) -> None:
        async for answer in turn.follow():
            shown = answer.message
            kept = own.tree(turn.chat).messages[shown.id]
            assert kept.text == shown.text
            seen[reader].append(shown.text)
            if shown.text == "one ":
                gate.set()

    await asyncio.gather(look(0), look(1))
    assert seen[0][-1] == seen[1][-1] == "one two"


async def test_whoever_stops_looking_stops_nothing(own: OwnChats) -> None:
    turn, gate = new_turn(own), asyncio.Event()
    turn.begin(Script([text("one "), gate, text("two"), end()]).events())
    async for answer in turn.follow():
        if answer.message.text:
            break
    gate.set()
    assert (await turn.wait()).message.text == "one two"
    assert [answer.message.text async for answer in turn.follow()] == ["one two"]


async def test_the_last_thing_it_waits_for_is_known_until_words_come(own: OwnChats) -> None:
    turn, gates = new_turn(own), [asyncio.Event(), asyncio.Event()]
    progress = Progress(request_id="r", done=1, total=2, unit="tokens")
    turn.begin(Script([progress, gates[0], text("word"), gates[1], end()]).events())
    waits = []
    async for answer in turn.follow():
        waits.append(answer.waits_for)
        gates[bool(answer.message.text)].set()
        if answer.waits_for is None and not answer.message.text:
            gates[0].clear()  # nothing has come yet
    assert progress in waits
    assert waits[-1] is None


async def test_a_rewritten_answer_takes_the_place_of_what_was_said(own: OwnChats) -> None:
    turn = new_turn(own)
    gate = asyncio.Event()
    steps: list[Event | Exception | asyncio.Event] = [
        text("An"), Rewritten(request_id="r", text="Anna [1]."), gate, text(" Yes."), end(),
    ]  # fmt: skip
    turn.begin(Script(steps).events())
    async for answer in turn.follow():
        shown = answer.message
        assert own.message(shown.id).text == shown.text  # at each moment, as if all ended there
        if shown.text == "Anna [1].":
            gate.set()
    assert own.message(turn.answer.message.id).text == "Anna [1]. Yes."


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            UnsupportedInputError("That is no question.", "Ask one."),
            "That is no question. Ask one.",
        ),
        (ZeroDivisionError("a bug"), UNFORESEEN.format(error="a bug")),
    ],
)
async def test_an_error_ends_the_answer_and_keeps_what_was_said(
    own: OwnChats, error: Exception, sentence: str
) -> None:
    turn = new_turn(own)
    turn.begin(Script([text("So far "), error]).events())
    answer = await turn.wait()
    kept = own.tree(turn.chat).messages[answer.message.id]
    assert (kept.text, kept.state, kept.error) == ("So far ", "failed", sentence)
    assert answer.error is not None


async def test_stop_presses_the_switch_and_the_way_ends_by_itself(own: OwnChats) -> None:
    turn, gate = new_turn(own), asyncio.Event()
    turn.switch.watch("r", lambda _: gate.set())
    turn.begin(Script([text("one"), gate, end(reason="cancelled")]).events())
    await asyncio.sleep(0)
    turn.stop()
    answer = await turn.wait()
    assert (answer.message.text, answer.message.state) == ("one", "cancelled")


async def test_a_way_that_does_not_end_after_stop_is_ended(
    own: OwnChats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.flows.turns.turn.STOP_S", 0.01)
    turn = new_turn(own)
    script = Script([text("one"), asyncio.Event()])
    turn.begin(script.events())
    async for answer in turn.follow():
        if answer.message.text:
            turn.stop()
    kept = own.tree(turn.chat).messages[turn.answer.message.id]
    assert (kept.text, kept.state) == ("one", "cancelled")
    assert script.is_closed


async def test_an_answer_that_cannot_be_kept_is_shown_all_the_same(
    own: OwnChats, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DiskFullError("Chats cannot be kept: no room.", "Free some space.")

    turn = new_turn(own)
    monkeypatch.setattr(own, "write", refuse)
    monkeypatch.setattr(own, "end_answer", refuse)
    turn.begin(Script([text("one "), text("two"), end()]).events())
    answer = await turn.wait()
    assert (answer.message.text, answer.message.state) == ("one two", "stop")
    assert answer.not_kept == "Chats cannot be kept: no room. Free some space."


async def test_what_could_not_be_kept_is_kept_when_there_is_room_again(
    own: OwnChats, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DiskFullError("Chats cannot be kept: no room.", "Free some space.")

    monkeypatch.setattr("workers.flows.turns.turn.AGAIN_S", 0.0)
    turn = new_turn(own)
    with monkeypatch.context() as full:
        full.setattr(own, "write", refuse)
        full.setattr(own, "end_answer", refuse)
        turn.begin(Script([text("one "), text("two"), end()]).events())
        assert (await turn.wait()).not_kept
        trying = asyncio.ensure_future(turn.keep_trying())
        await asyncio.sleep(0)
        assert not trying.done()
    await trying
    assert not turn.answer.not_kept
    kept = own.tree(turn.chat).messages[turn.answer.message.id]
    assert (kept.text, kept.state) == ("one two", "stop")


async def test_an_answer_of_a_chat_that_has_gone_is_not_tried_for_ever(
    own: OwnChats, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise NotFoundError("There is no such message.")

    turn = new_turn(own)
    monkeypatch.setattr(own, "end_answer", gone)
    turn.begin(Script([text("one"), end()]).events())
    await turn.wait()
    await turn.keep_trying()
    assert not turn.answer.not_kept


def test_a_receipt_that_a_newer_quintet_wrote_is_read_as_far_as_it_is_known() -> None:
    kept = {"total_s": 2.0, "colour": "red", "usage": {"prompt_tokens": 3, "moons": 4}}
    receipt = Receipt.of(kept)
    assert (receipt.total_s, receipt.usage) == (2.0, Usage(prompt_tokens=3))
