"""Compare: two answers, the one that is kept, and the vote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.flows.scripted_client import (
    LOCAL,
    OTHER,
    REMOTE,
    ScriptedClient,
    answered,
    ask_of,
    states,
    text_card,
)
from workers.chats.own_chats import OwnChats
from workers.chats.store import ChatStore
from workers.flows.turns.comparing import vote
from workers.messages import Generate
from workers.messages.errors import GenerationError, UnsupportedInputError

QUESTION = "Why?"


def client(**by_model: str | Exception) -> ScriptedClient:
    def script(request: Generate) -> str | Exception:
        name = request.model or LOCAL
        return by_model.get(name, f"{name} says so")

    return ScriptedClient(script)


async def test_both_answers_are_kept_and_the_first_is_the_whole() -> None:
    answer = await answered(client(), ask_of(QUESTION, flow="compare"))
    message = answer.message
    first, second = message.details["answers"]
    assert message.text == first["text"] == "local says so"
    assert second["text"] == "other says so"
    assert (first["model"], second["model"]) == (LOCAL, OTHER)
    assert first["receipt"]["usage"]["completion_tokens"] == 3
    assert "one after the other" in message.details["flow"]["note"]
    assert message.details["receipt"]["usage"]["completion_tokens"] == 6


async def test_the_other_model_may_be_named() -> None:
    answer = await answered(client(), ask_of(QUESTION, flow="compare", other=REMOTE))
    assert answer.message.details["answers"][1]["model"] == REMOTE


async def test_one_that_fails_leaves_the_other() -> None:
    error = GenerationError("It broke.")
    answer = await answered(client(local=error), ask_of(QUESTION, flow="compare"))
    assert (answer.message.text, states(answer, "answers")) == ("other says so", ["failed", "done"])
    answer = await answered(client(other=error), ask_of(QUESTION, flow="compare"))
    assert (answer.message.text, states(answer, "answers")) == ("local says so", ["done", "failed"])
    with pytest.raises(GenerationError):
        await answered(client(local=error, other=error), ask_of(QUESTION, flow="compare"))


@pytest.mark.parametrize(
    ("number", "found"), [(0, ["stopped", "stopped"]), (1, ["done", "stopped"])]
)
async def test_stop_ends_it_at_either_answer(
    number: int, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.flows.turns.parts.EVERY_S", 0.0)

    def is_there(now: Any) -> bool:
        answers = now.message.details.get("answers", ())
        return bool(answers) and answers[number]["text"].endswith("says")

    asked = client()
    answer = await answered(asked, ask_of(QUESTION, flow="compare"), is_there)
    assert answer.message.state == "cancelled"
    assert states(answer, "answers") == found
    assert len(asked.asked) == number + 1


async def test_there_must_be_two_models() -> None:
    alone = ScriptedClient(lambda _: "x", cards=(text_card(LOCAL),))
    with pytest.raises(UnsupportedInputError, match="only text model"):
        await answered(alone, ask_of(QUESTION, flow="compare"))


@pytest.fixture
def own() -> Iterator[OwnChats]:
    store = ChatStore(None)
    yield store.of("anna")
    store.close()


async def kept_comparison(own: OwnChats) -> int:
    answer = await answered(client(), ask_of(QUESTION, flow="compare"))
    chat = own.create().id
    question = own.add_question(chat, None, QUESTION)
    return own.add_answer(chat, question, answer.message.text, answer.message.details)


async def test_the_conversation_goes_on_with_the_answer_that_is_voted_for(own: OwnChats) -> None:
    message = await kept_comparison(own)
    vote(own, message, 1)
    kept = own.message(message)
    assert (kept.text, kept.details["vote"], kept.details["model"]) == ("other says so", 1, OTHER)
    assert own.search("other says")
    vote(own, message, 0)
    kept = own.message(message)
    assert (kept.text, kept.details["vote"]) == ("local says so", 0)
    assert [one["text"] for one in kept.details["answers"]] == ["local says so", "other says so"]


async def test_no_vote_for_what_is_not_there(own: OwnChats) -> None:
    message = await kept_comparison(own)
    with pytest.raises(UnsupportedInputError, match="no answer 3"):
        vote(own, message, 2)
    chat = own.create().id
    running = own.begin_answer(chat, own.add_question(chat, None, "?"))
    with pytest.raises(UnsupportedInputError, match="still being written"):
        vote(own, running, 0)
