"""Leave for calls of kept chats: who may give it, what "for this chat" means, what a restart does."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.flows.scripted import Probe, ScriptedClient, access, as_client
from workers.chats.own_chats import OwnChats
from workers.chats.store import ChatStore
from workers.flows.turns.options import TurnOptions, options_of
from workers.flows.turns.runner import TurnRunner
from workers.flows.turns.turn import Turn
from workers.messages.errors import NotFoundError

OPTIONS = TurnOptions(tools=("probe/*",), model="m")
ECHO = ("echo", '{"text": "hi"}')


class KeptClient(ScriptedClient):
    """One that a chain of requests can be stopped through; its model names no chats."""

    def __init__(self, *script: Any) -> None:
        super().__init__(*script)
        self.models = SimpleNamespace(get=self.get)

    @staticmethod
    def get(model: str, modality: str) -> Any:
        return SimpleNamespace(
            id="m", name="M", is_remote=True, sampling={}, sampling_thinking={}, thinks="off",
            parameters_m=0, sees=False, context_length=0,
        )  # fmt: skip

    def ready(self, modality: str, model: str | None = None) -> None:
        return None

    def stopped_by(self, switch: Any) -> KeptClient:
        self.switch = switch
        return self


@pytest.fixture
def store() -> Iterator[ChatStore]:
    store = ChatStore(None)
    yield store
    store.close()


def runner_of(*script: Any) -> TurnRunner:
    client = KeptClient(*script)
    return TurnRunner(as_client(client), access(client, Probe()).shared)


async def waiting(turn: Turn) -> str:
    """The id of the call that waits."""
    async for answer in turn.follow():
        for call in answer.message.details.get("calls", ()):
            if call["state"] == "waiting":
                return str(call["id"])
    pytest.fail("nothing waits")


def begun(own: OwnChats, runner: TurnRunner, chat: str = "") -> Turn:
    chat = chat or own.create().id
    shown = own.get(chat).shown
    return runner.answer(own, chat, own.add_question(chat, shown, "Go"), OPTIONS)


async def test_leave_for_a_chat_is_kept_with_it(store: ChatStore) -> None:
    own, runner = store.of("anna"), runner_of([ECHO], ["One."], [ECHO], ["Two."])
    turn = begun(own, runner)
    call = await waiting(turn)
    runner.decide(own, turn.chat, turn.answer.message.id, call, "chat")
    assert (await turn.wait()).message.text == "One."
    assert options_of(own.get(turn.chat).settings).allowed_tools == ("probe/echo",)
    later = await begun(own, runner, turn.chat).wait()
    kept = own.message(later.message.id).details["calls"]
    assert (later.message.text, kept[0]["state"]) == ("Two.", "done")
    await runner.close()


async def test_only_the_owner_decides_and_only_while_it_waits(store: ChatStore) -> None:
    own, other, runner = store.of("anna"), store.of("bert"), runner_of([ECHO], ["Done."])
    turn = begun(own, runner)
    call, message = await waiting(turn), turn.answer.message.id
    with pytest.raises(NotFoundError):
        runner.decide(other, turn.chat, message, call, "once")
    runner.decide(own, turn.chat, message, call, "no")
    answer = await turn.wait()
    assert answer.message.details["calls"][0]["state"] == "refused"
    with pytest.raises(NotFoundError, match="not being written any more"):
        runner.decide(own, turn.chat, message, call, "once")
    await runner.close()


async def test_stop_ends_a_call_that_waits(store: ChatStore) -> None:
    own, runner = store.of("anna"), runner_of([ECHO], ["Done."])
    turn = begun(own, runner)
    await waiting(turn)
    turn.stop()
    message = (await turn.wait()).message
    assert (message.state, message.details["calls"][0]["state"]) == ("cancelled", "failed")
    await runner.close()
