"""Plan: the plan, its steps, their assembly; what fails, and what is stopped."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.flows.scripted_client import ScriptedClient, answered, ask_of, states
from workers.flows.turns.answer import LiveAnswer
from workers.flows.turns.planning import HEAD, MAX_STEPS, NEXT
from workers.messages import Generate
from workers.messages.errors import GenerationError

TASK = "Make tea"
PLAN = "1. boil water 2. add leaves"


def client(plan: str | Exception = PLAN, **steps: str | Exception) -> ScriptedClient:
    """`steps`: what is said to a step, by its first word."""

    def script(request: Generate) -> str | Exception:
        prompt = request.messages[-1].text
        if "Write a plan" in prompt:
            return plan
        _, is_step, step = prompt.partition("nothing else: ")
        return steps.get(step.split()[0], f"done: {step}") if is_step else "tea at once"

    return ScriptedClient(script)


async def test_each_step_is_solved_alone_and_all_is_put_together() -> None:
    asked = client()
    answer = await answered(asked, ask_of("Hi", "Hello", TASK, flow="plan"))
    message = answer.message
    assert message.text == (f"{HEAD.format(plan=PLAN)}done: boil water{NEXT}done: add leaves")
    steps = message.details["steps"]
    assert [step["title"] for step in steps] == ["Plan", "boil water", "add leaves"]
    assert [step["text"] for step in steps] == [PLAN, "done: boil water", "done: add leaves"]
    assert states(answer) == ["done"] * 3
    for request in asked.generated:  # the history, and the task, stand before each
        assert [turn.text for turn in request.messages[:-1]] == ["Hi", "Hello"]
        assert request.messages[-1].text.startswith(TASK)
        assert request.thinking.is_on is False
    assert message.details["receipt"]["usage"]["prompt_tokens"] == 300


async def test_a_plan_without_steps_is_answered_directly_and_says_so() -> None:
    answer = await answered(client("Just do it."), ask_of(TASK, flow="plan"))
    assert answer.message.text == "tea at once"
    assert states(answer) == ["done", "done"]
    assert "answered directly" in answer.message.details["flow"]["note"]


async def test_a_step_that_fails_is_said_in_its_place_and_the_others_stay() -> None:
    answer = await answered(client(boil=GenerationError("No gas.")), ask_of(TASK, flow="plan"))
    text = answer.message.text
    assert states(answer) == ["done", "failed", "done"]
    assert answer.message.details["steps"][1]["note"] == "No gas."
    assert text.endswith(f"So\n\n*This step failed: No gas.*{NEXT}done: add leaves")


async def test_if_all_steps_fail_the_whole_fails() -> None:
    error = GenerationError("No gas.")
    with pytest.raises(GenerationError, match="No gas"):
        await answered(client(boil=error, add=error), ask_of(TASK, flow="plan"))


async def test_a_plan_that_fails_fails_the_whole() -> None:
    with pytest.raises(GenerationError):
        await answered(client(GenerationError("No.")), ask_of(TASK, flow="plan"))


async def test_steps_beyond_the_most_are_left_out_and_that_is_said() -> None:
    plan = "\n".join(f"{number}. step {number}" for number in range(1, MAX_STEPS + 4))
    answer = await answered(client(plan), ask_of(TASK, flow="plan"))
    assert len(states(answer)) == MAX_STEPS + 1
    assert "3 left out" in answer.message.details["flow"]["note"]


def step_says(number: int, words: str) -> Any:
    def is_so(answer: LiveAnswer) -> bool:
        steps = answer.message.details.get("steps", ())
        return len(steps) > number and steps[number]["text"].startswith(words)

    return is_so


@pytest.fixture
def every_word_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.flows.turns.parts.EVERY_S", 0.0)


@pytest.mark.usefixtures("every_word_noted")
async def test_stop_in_the_plan_keeps_what_there_is_of_it() -> None:
    answer = await answered(client(), ask_of(TASK, flow="plan"), step_says(0, "1. boil"))
    assert (answer.message.text, answer.message.state) == ("1. boil", "cancelled")
    assert states(answer) == ["stopped"]


@pytest.mark.usefixtures("every_word_noted")
async def test_stop_in_a_step_keeps_its_words_and_begins_no_other() -> None:
    asked = client()
    answer = await answered(asked, ask_of(TASK, flow="plan"), step_says(1, "done: boil"))
    message = answer.message
    assert message.state == "cancelled"
    assert message.text == f"{HEAD.format(plan=PLAN)}done: boil"
    assert states(answer) == ["done", "stopped", "stopped"]
    assert "Stopped at step 1 of 2" in message.details["flow"]["note"]
    assert len(asked.asked) == 2
