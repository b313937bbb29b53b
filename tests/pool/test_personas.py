"""What a persona says arrives in the worker: its system prompt, its sampling, its model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.pool.conftest import MakePool
from workers.chats.own_chats import OwnChats
from workers.chats.store import ChatStore
from workers.flows.turns.options import TurnOptions, options_of, settings_of
from workers.flows.turns.runner import TurnRunner
from workers.flows.turns.wearing import chosen, up_to_date
from workers.personas.records import Persona
from workers.personas.store import PersonaStore


@pytest.fixture
async def runner(make_pool: MakePool) -> AsyncIterator[TurnRunner]:
    runner = TurnRunner(make_pool(slots=4)[1])
    yield runner
    await runner.close()


async def answered(
    own: OwnChats, chat: str, runner: TurnRunner, question: str, options: TurnOptions
) -> str:
    asked = own.add_question(chat, own.get(chat).shown, question)
    return (await runner.answer(own, chat, asked, options).wait()).message.text


async def test_a_chat_answers_as_the_persona_that_it_has_now(
    runner: TurnRunner, tmp_path: Path
) -> None:
    own = ChatStore(None).of("anna")
    personas = PersonaStore(tmp_path).of("anna").personas
    cook = personas.save(Persona(name="Cook", system="Cook!", sampling={"temperature": 0.25}))
    chat = own.create(settings=settings_of(chosen(TurnOptions(), cook))).id

    async def ask() -> str:
        options, _ = up_to_date(options_of(own.get(chat).settings), personas.find)
        return await answered(own, chat, runner, "sent what", options)

    assert await ask() == "Cook! 0.25 "
    personas.save(cook.model_copy(update={"system": "Bake!"}))
    assert await ask() == "Bake! 0.25 "
    tutor = personas.get("tutor")
    own.set_settings(chat, settings_of(chosen(options_of(own.get(chat).settings), tutor)))
    assert (await ask()).startswith("You are a patient tutor.")


async def test_a_persona_may_name_the_model(runner: TurnRunner) -> None:
    own = ChatStore(None).of("anna")
    options = chosen(TurnOptions(), Persona(id="b", name="B", model="fake-text-b"))
    text = await answered(own, own.create().id, runner, "who are you", options)
    assert text == "fake-text-b "
