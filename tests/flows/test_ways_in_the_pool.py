"""Flows of kept chats with real processes: fake models here, a scripted server as the stronger one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from configs.catalogue import load_catalogue
from configs.settings import load_settings
from tests.remote.conftest import remote_card
from tests.remote.scripted import HELLO, Scripted, delta, refuse, serving, stream
from workers.assembly import build_pool
from workers.chats.own_chats import OwnChats
from workers.chats.store import ChatStore
from workers.client import Client
from workers.flows.turns.answer import LiveAnswer
from workers.flows.turns.options import TurnOptions
from workers.flows.turns.planning import HEAD
from workers.flows.turns.runner import TurnRunner
from workers.flows.turns.turn import Turn

FAR, OTHER = "far-text", "fake-text-2"
SLOW_PLAN = "!slow 1. boil water 2. add leaves"


@pytest.fixture
def server() -> Iterator[Scripted]:
    with serving(HELLO) as running:
        yield running


@pytest.fixture
def client(server: Scripted, tmp_path: Path) -> Iterator[Client]:
    far = remote_card("text", f"{server.url}/v1", api_key_env="", max_retries=0)
    settings = load_settings("fake", {"data_dir": str(tmp_path), "log_level": "WARNING"})
    pool, client = build_pool(settings, {**load_catalogue(), FAR: far})
    pool.start()
    yield client
    pool.close()
    assert all(worker.pid is None for worker in pool.status().workers)


@pytest.fixture
async def runner(client: Client) -> AsyncIterator[TurnRunner]:
    runner = TurnRunner(client)
    yield runner
    await runner.close()


@pytest.fixture
def own() -> Iterator[OwnChats]:
    store = ChatStore(None)
    yield store.of("anna")
    store.close()


def begun(own: OwnChats, runner: TurnRunner, question: str, **options: object) -> Turn:
    chat = own.create().id
    asked = own.add_question(chat, None, question)
    wishes = TurnOptions.model_validate({"system": "", **options})
    return runner.answer(own, chat, asked, wishes)


async def until(turn: Turn, is_so: Callable[[LiveAnswer], bool]) -> None:
    async for answer in turn.follow():
        if is_so(answer):
            return
    pytest.fail("it ended before")


def open_step(answer: LiveAnswer, place: int) -> str:
    """The words of a step that is being answered; "" before and after."""
    steps = answer.message.details.get("steps", ())
    is_open = len(steps) > place and steps[place]["state"] == "running"
    return str(steps[place]["text"]) if is_open else ""


async def is_free(client: Client) -> None:
    while any(worker.state == "busy" for worker in client.status().workers):
        await asyncio.sleep(0.02)


async def test_the_stronger_model_of_another_server_answers_and_is_kept(
    own: OwnChats, runner: TurnRunner, server: Scripted
) -> None:
    turn = begun(own, runner, "Hello?", flow="route", stronger=FAR)
    answer = await turn.wait()
    kept = own.message(answer.message.id)
    assert (kept.text, kept.state, kept.details["model"]) == ("Hello there.", "stop", FAR)
    assert [step["text"] for step in kept.details["steps"]] == ["Hello?", "Judge the answer ", ""]
    assert server.seen[0].json["messages"] == [{"role": "user", "content": "Hello?"}]


async def test_a_server_that_refuses_leaves_the_local_answer(
    own: OwnChats, runner: TurnRunner, server: Scripted
) -> None:
    server.replies[:] = [refuse(503, "overloaded")]
    answer = await begun(own, runner, "Hello?", flow="route", stronger=FAR).wait()
    kept = own.message(answer.message.id)
    assert (kept.text, kept.state) == ("Hello?", "stop")
    assert kept.details["steps"][2]["state"] == "failed"
    assert "local answer stands" in kept.details["flow"]["note"]


async def test_stop_frees_a_silent_server(
    own: OwnChats, runner: TurnRunner, server: Scripted, client: Client
) -> None:
    server.replies[:] = [stream(delta("Well"), end="stalled")]
    turn = begun(own, runner, "Hello?", flow="route", stronger=FAR)
    await until(turn, lambda answer: answer.message.text == "Well")
    turn.stop()
    assert (await turn.wait()).message.state == "cancelled"
    assert own.message(turn.answer.message.id).text == "Well"
    assert await asyncio.to_thread(server.is_left.wait, 60)
    await asyncio.wait_for(is_free(client), 60)


@pytest.mark.parametrize("place", [0, 1])
async def test_stop_inside_a_plan_frees_the_worker_and_keeps_what_has_come(
    own: OwnChats, runner: TurnRunner, client: Client, place: int
) -> None:
    turn = begun(own, runner, SLOW_PLAN, flow="plan")
    await until(turn, lambda answer: bool(open_step(answer, place)))
    turn.stop()
    answer = await turn.wait()
    kept = own.message(answer.message.id)
    assert kept.state == "cancelled"
    assert kept.details["steps"][place]["state"] == "stopped"
    assert kept.text.startswith("!slow" if place == 0 else HEAD[:8])
    await asyncio.wait_for(is_free(client), 60)


async def test_two_local_models_answer_one_after_the_other_and_both_are_kept(
    own: OwnChats, runner: TurnRunner
) -> None:
    turn = begun(own, runner, "!model", flow="compare", other=OTHER)
    kept = own.message((await turn.wait()).message.id)
    assert kept.text.strip() == "fake-text"
    assert [one["text"].strip() for one in kept.details["answers"]] == ["fake-text", OTHER]
    assert "one after the other" in kept.details["flow"]["note"]


async def test_a_model_that_cannot_be_loaded_leaves_the_first_answer(
    own: OwnChats, runner: TurnRunner
) -> None:
    turn = begun(own, runner, "Hello", flow="compare", other="fake-text-broken")
    kept = own.message((await turn.wait()).message.id)
    assert (kept.text.strip(), kept.state) == ("Hello", "stop")
    assert [one["state"] for one in kept.details["answers"]] == ["done", "failed"]
