"""Plan, steps, assembly: the list parser alone, the whole with the real text worker."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from workers.client import Client
from workers.flows.chain import Assembled, Chain, Planned, StepBegun, assembled, chain, steps_of
from workers.messages import ChatMessage, Event, Finished, SamplingParams, TextDelta

TASK = "Name a fruit and a colour."
GREEDY = SamplingParams(temperature=0.0, max_tokens=40)

PLANS = [
    ("- one\n- two", ("one", "two")),
    ("Plan:\n\n1. one\n2. two\n\nDone.", ("one", "two")),
    ("1) one\n2) two", ("one", "two")),
    ("* one\n\n+ two", ("one", "two")),
    ("First list:\n- one\n- two\n\nSecond list:\n1. three", ("one", "two", "three")),
    ("- one\n  - nested", ("one", "nested")),
    ("1. **Bold** step: 3.5 kg - not 4\r\n", ("**Bold** step: 3.5 kg - not 4",)),
    ("No list at all.\n--- \n3.5 is a number\n-dash", ()),
    ("-  \n1. \n", ()),
    ("", ()),
]


@pytest.mark.parametrize(("plan", "steps"), PLANS)
def test_the_items_of_all_lists_are_the_steps(plan: str, steps: tuple[str, ...]) -> None:
    assert steps_of(plan) == steps


def test_the_reply_has_the_plan_and_the_solutions_apart() -> None:
    assert assembled("- a\n- b\n", ["one\n", "two"]) == (
        "# Plan\n\n---\n\n- a\n- b\n\n# Solutions\n\n---\n\none\n\n# Next\n\n---\n\ntwo"
    )


async def collect(client: Client, ask: Chain) -> list[Event]:
    async with aclosing(chain(client, ask)) as events:
        return [event async for event in events]


@pytest.mark.parametrize("instruction", ["Write a numbered list of three fruits.", "Say hello."])
async def test_each_step_is_answered_alone(
    client: Client, monkeypatch: pytest.MonkeyPatch, instruction: str
) -> None:
    """So small a model cannot plan: it is told to write a list, or none."""
    monkeypatch.setattr("workers.flows.chain.PLAN", instruction)
    ask = Chain(request_id="c", messages=(ChatMessage(role="user", text=TASK),), sampling=GREEDY)
    events = await collect(client, ask)
    (planned,) = (event for event in events if isinstance(event, Planned))
    begun = [event for event in events if isinstance(event, StepBegun)]
    (whole,) = (event for event in events if isinstance(event, Assembled))
    assert [event.step for event in begun] == list(planned.steps)
    if "list" in instruction:
        assert len(planned.steps) > 1
        assert planned.steps == steps_of(planned.text)
    else:
        assert planned.steps == (TASK,)
    kinds = [type(event) for event in events]
    first_step = kinds.index(StepBegun)
    said = "".join(event.text for event in events[first_step:] if isinstance(event, TextDelta))
    assert whole.text.count("# Next") == len(planned.steps) - 1
    assert said.strip()[:20] in whole.text
    assert {event.request_id for event in events} == {"c"}
    assert kinds[-2:] == [Assembled, Finished]
