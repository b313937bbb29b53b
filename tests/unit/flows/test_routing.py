"""Route: the local answer, its judgement, and who answers in the end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.flows.scripted_client import (
    LOCAL,
    REMOTE,
    ScriptedClient,
    answered,
    ask_of,
    states,
    text_card,
)
from workers.flows.turns.answer import LiveAnswer
from workers.messages import Generate
from workers.messages.errors import (
    GenerationError,
    RemoteError,
    UnknownModelError,
    UnsupportedInputError,
)

QUESTION = "What is the capital of France?"
DOWN = RemoteError("It does not answer.", "Try later.")


def client(
    judgement: str | Exception = "good quality", remote: str | Exception = "It is Paris"
) -> Any:
    def script(request: Generate) -> str | Exception:
        if request.messages[-1].text.startswith("Judge the answer"):
            return judgement
        return remote if request.model == REMOTE else "Lyon it is"

    return ScriptedClient(script)


async def test_a_good_answer_stands_and_what_it_saved_is_counted() -> None:
    asked = client("Good quality.")
    message = (await answered(asked, ask_of(QUESTION, flow="route"))).message
    assert (message.text, message.state) == ("Lyon it is", "stop")
    steps = message.details["steps"]
    assert [(step["state"], step["text"]) for step in steps] == [
        ("done", "Lyon it is"),
        ("done", "Good quality."),
    ]
    assert {request.model for request in asked.generated} <= {None, LOCAL}
    saved = message.details["saved"]
    assert (saved["model"], saved["tokens"]) == (REMOTE, 103)
    assert saved["money"] == pytest.approx((100 * 10 + 3 * 30) / 1e6)
    assert message.details["receipt"]["usage"]["prompt_tokens"] == 200


@pytest.mark.parametrize("judgement", ["bad quality", "not good quality", "I think so", ""])
async def test_whatever_is_not_good_is_asked_of_the_stronger_model(judgement: str) -> None:
    asked = client(judgement)
    answer = await answered(asked, ask_of("Hi", "Hello", QUESTION, flow="route", stronger=REMOTE))
    message = answer.message
    assert (message.text, message.details["model"]) == ("It is Paris", REMOTE)
    assert states(answer) == ["done", "done", "done"]
    assert message.details["steps"][0]["text"] == "Lyon it is"
    assert "saved" not in message.details
    last = asked.generated[-1]
    assert [turn.text for turn in last.messages] == ["Hi", "Hello", QUESTION]


async def test_the_judge_sees_this_question_and_nothing_of_the_chats_wishes() -> None:
    asked = client()
    await answered(
        asked, ask_of("Hi", "Hello", QUESTION, flow="route", system="Be rude", sampling={"seed": 3})
    )
    (judge,) = (r for r in asked.generated if r.messages[-1].text.startswith("Judge"))
    (turn,) = judge.messages
    assert QUESTION in turn.text
    assert "Lyon it is" in turn.text
    assert (judge.sampling.max_tokens, judge.sampling.temperature) == (3, 0.0)
    assert judge.thinking.is_on is False


async def test_a_stronger_model_that_fails_leaves_the_local_answer_and_says_so() -> None:
    answer = await answered(client("bad", DOWN), ask_of(QUESTION, flow="route"))
    message = answer.message
    assert (message.text, message.state) == ("Lyon it is", "stop")
    assert states(answer) == ["done", "done", "failed"]
    assert "does not answer" in message.details["flow"]["note"]
    assert message.details["steps"][2]["text"] == "So "


async def test_an_answer_that_cannot_be_judged_stands() -> None:
    answer = await answered(client(GenerationError("It broke.")), ask_of(QUESTION, flow="route"))
    assert answer.message.text == "Lyon it is"
    assert states(answer) == ["done", "failed"]
    assert "could not be judged" in answer.message.details["flow"]["note"]
    assert "saved" not in answer.message.details


def step_runs(number: int) -> Any:
    def is_so(answer: LiveAnswer) -> bool:
        found = states(answer)
        return len(found) > number and found[number] == "running"

    return is_so


@pytest.mark.parametrize(
    ("number", "text", "found"),
    [
        (0, "", ["stopped", "stopped"]),
        (1, "Lyon it is", ["done", "stopped"]),
        (2, "Lyon it is", ["done", "done", "stopped"]),
    ],
)
async def test_stop_ends_it_at_every_step(number: int, text: str, found: list[str]) -> None:
    answer = await answered(client("bad"), ask_of(QUESTION, flow="route"), step_runs(number))
    assert (answer.message.text, answer.message.state) == (text, "cancelled")
    assert states(answer) == found
    assert "Stopped before" in answer.message.details["flow"]["note"]


async def test_stop_in_the_middle_of_the_stronger_answer_keeps_what_has_come() -> None:
    answer = await answered(
        client("bad"), ask_of(QUESTION, flow="route"), lambda now: now.message.text == "It is"
    )
    assert (answer.message.text, answer.message.state) == ("It is", "cancelled")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"stronger": "gpt-9"}, UnknownModelError, "gpt-9"),
        ({"stronger": LOCAL}, UnsupportedInputError, "two different"),
    ],
)
async def test_a_wrong_stronger_model_is_refused_before_any_work(
    options: dict[str, str], error: type[Exception], words: str
) -> None:
    asked = client()
    with pytest.raises(error, match=words):
        await answered(asked, ask_of(QUESTION, flow="route", **options))
    assert asked.asked == []


async def test_without_one_remote_model_the_stronger_one_must_be_named() -> None:
    alone = ScriptedClient(lambda _: "x", cards=(text_card(LOCAL),))
    with pytest.raises(UnsupportedInputError, match="no remote model"):
        await answered(alone, ask_of(QUESTION, flow="route"))


async def test_an_answer_that_broke_off_is_gone_on_with_directly() -> None:
    asked = client()
    answer = await answered(asked, ask_of(QUESTION, "It is", flow="route"))
    assert answer.message.text == "Lyon it is"
    assert len(asked.asked) == 1
    assert "steps" not in answer.message.details
