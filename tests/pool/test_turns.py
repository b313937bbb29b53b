"""Answers of kept chats, written by real processes: they go on, are stopped, survive a death of the worker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.pool.conftest import MakePool
from tests.pool.watching import LONG
from workers.chats.own_chats import OwnChats
from workers.chats.store import ChatStore
from workers.flows.turns.options import TurnOptions, options_of, settings_of
from workers.flows.turns.runner import TurnRunner
from workers.flows.turns.turn import Turn
from workers.messages import Queued
from workers.messages.errors import UnsupportedInputError

OPTIONS = TurnOptions(system="")


@pytest.fixture
def own() -> OwnChats:
    return ChatStore(None).of("anna")


@pytest.fixture
async def runner(make_pool: MakePool) -> AsyncIterator[TurnRunner]:
    runner = TurnRunner(make_pool(slots=4)[1])
    yield runner
    await runner.close()


def asked(own: OwnChats, question: str) -> tuple[str, int]:
    chat = own.create().id
    return chat, own.add_question(chat, None, question)


async def begun(own: OwnChats, runner: TurnRunner) -> Turn:
    """A long answer of which the first words have come."""
    chat, question = asked(own, LONG)
    turn = runner.answer(own, chat, question, OPTIONS)
    async for answer in turn.follow():
        if answer.message.text:
            break
    return turn


async def test_an_answer_is_written_into_its_chat_by_the_model_that_is_named(
    own: OwnChats, runner: TurnRunner
) -> None:
    chat, question = asked(own, "who are you")
    turn = runner.answer(own, chat, question, TurnOptions(system="", model="fake-text-b"))
    assert runner.of_chat(chat) == (turn,)
    assert own.get(chat).is_running
    answer = await turn.wait()
    assert answer.message.text == "fake-text-b "
    assert answer.message.details["model"] == "fake-text-b"
    assert own.message(answer.message.id) == answer.message
    assert (runner.of_chat(chat), own.get(chat).is_running) == ((), False)


async def test_two_answers_to_one_question_do_not_mix(own: OwnChats, runner: TurnRunner) -> None:
    chat, question = asked(own, "slow one two three four five")
    turns = [runner.answer(own, chat, question, OPTIONS) for _ in range(2)]
    for turn in turns:
        assert (await turn.wait()).message.text == "slow one two three four five "
    tree = own.tree(chat)
    assert len(tree.below[question]) == 2


async def test_one_stopped_answer_goes_on_where_it_broke_off(
    own: OwnChats, runner: TurnRunner
) -> None:
    turn = await begun(own, runner)
    chat, message = turn.chat, turn.answer.message.id
    with pytest.raises(UnsupportedInputError, match="being written already"):
        runner.go_on(own, chat, message, OPTIONS)
    turn.stop()
    stopped = (await turn.wait()).message
    assert (stopped.state, own.message(stopped.id)) == ("cancelled", stopped)
    # The fake says the last message back: that is the answer so far, as a model is to go on with it.
    own.end_answer(replace(stopped, text="so far "))
    gone_on = await runner.go_on(own, chat, stopped.id, OPTIONS).wait()
    assert (gone_on.message.text, gone_on.message.state) == ("so far so far ", "stop")


async def test_a_worker_that_dies_leaves_what_was_said_and_the_next_answer_works(
    own: OwnChats, runner: TurnRunner
) -> None:
    chat, question = asked(own, "die now")
    answer = await runner.answer(own, chat, question, OPTIONS).wait()
    assert (answer.message.state, answer.error is not None) == ("failed", True)
    again = own.add_question(chat, answer.message.id, "hello again")
    assert (await runner.answer(own, chat, again, OPTIONS).wait()).message.text == "hello again "


async def test_when_the_server_ends_what_was_said_is_kept(
    own: OwnChats, runner: TurnRunner
) -> None:
    turn = await begun(own, runner)
    await runner.close()
    kept = own.message(turn.answer.message.id)
    assert (kept.state, bool(kept.text)) == ("interrupted", True)


async def test_a_question_in_the_middle_of_an_answer_is_answered_after_it(
    own: OwnChats, runner: TurnRunner
) -> None:
    first = await begun(own, runner)
    chat = first.chat
    question = own.add_question(chat, first.answer.message.id, "and then")
    second = runner.answer(own, chat, question, OPTIONS, after=first)
    third_question = own.add_question(chat, second.answer.message.id, "and last")
    third = runner.answer(own, chat, third_question, OPTIONS, after=second)
    assert runner.of_chat(chat) == (first, second, third)
    async for answer in second.follow():
        if answer.waits_for is not None:
            break
    assert isinstance(answer.waits_for, Queued)
    assert answer.waits_for.reason == "waits for the answer above"
    third.stop()
    assert (await third.wait()).message.state == "cancelled"
    first.stop()
    assert (await first.wait()).message.state == "cancelled"
    assert (await second.wait()).message.text == "and then "
    assert own.get(chat).shown == third.answer.message.id


async def test_a_flow_that_is_not_there_begins_nothing(own: OwnChats, runner: TurnRunner) -> None:
    chat, question = asked(own, "hello")
    with pytest.raises(UnsupportedInputError, match="no flow 'detour'"):
        runner.answer(own, chat, question, TurnOptions(flow="detour"))
    assert len(own.tree(chat).messages) == 1


def test_what_a_chat_keeps_of_options_is_what_differs() -> None:
    options = TurnOptions(system="", sampling={"temperature": 0.5}, is_thinking=False)
    kept = settings_of(options)
    assert kept == {"system": "", "sampling": {"temperature": 0.5}, "is_thinking": False}
    assert options_of(kept) == options
    assert options_of({"thinking_tokens": "many"}) == TurnOptions()
