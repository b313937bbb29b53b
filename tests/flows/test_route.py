"""Local answer, self-judgement, a second model: driven with the real text worker."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from workers.client import Client
from workers.flows.route import Answering, Judged, Route, Routed, route, shown_both
from workers.messages import ChatMessage, Event, Finished, SamplingParams, TextDelta
from workers.messages.errors import UnknownModelError

MODEL = "smollm2-135m-instruct"
QUESTION = (ChatMessage(role="user", text="What is the capital of France? Answer briefly."),)
GREEDY = SamplingParams(temperature=0.0, max_tokens=24)


async def collect(client: Client, ask: Route) -> list[Event]:
    async with aclosing(route(client, ask)) as events:
        return [event async for event in events]


def text_between(events: list[Event], start: int, end: int) -> str:
    return "".join(event.text for event in events[start:end] if isinstance(event, TextDelta))


@pytest.mark.parametrize("good", ["", "words that no model answers with"])
async def test_the_verdict_decides_who_answers(
    client: Client, monkeypatch: pytest.MonkeyPatch, good: str
) -> None:
    monkeypatch.setattr("workers.flows.route.GOOD", good)
    ask = Route(request_id="r", messages=QUESTION, stronger=MODEL, sampling=GREEDY)
    events = await collect(client, ask)
    kinds = [type(event) for event in events]
    judged, routed = kinds.index(Judged), kinds.index(Routed)
    local, second = text_between(events, 0, judged), text_between(events, judged, routed)
    (result,) = (event for event in events if isinstance(event, Routed))
    assert "Paris" in local
    assert kinds.count(Answering) == (1 if good == "" else 2)
    if good == "":
        assert (second, result.answer, result.shown) == ("", local, local)
    else:
        assert result.answer == second
        assert result.shown.endswith(f"## Local model response\n\n{local}")
    assert {event.request_id for event in events} == {"r"}
    assert kinds[-2:] == [Routed, Finished]


async def test_the_judge_says_at_most_three_tokens_and_is_paid_for(client: Client) -> None:
    ask = Route(request_id="r", messages=QUESTION, stronger=MODEL, sampling=GREEDY)
    events = await collect(client, ask)
    (judged,) = (event for event in events if isinstance(event, Judged))
    (end,) = (event for event in events if isinstance(event, Finished))
    assert len(judged.judgement.split()) <= 3
    assert judged.is_good == ("good quality" in judged.judgement.lower())
    assert end.usage.prompt_tokens > 80  # the question, and the judge's longer prompt


async def test_an_unknown_second_model_is_reported_before_any_work(client: Client) -> None:
    ask = Route(request_id="r", messages=QUESTION, stronger="gpt-9")
    with pytest.raises(UnknownModelError, match="gpt-9"):
        await collect(client, ask)


async def test_walking_away_frees_the_model(client: Client) -> None:
    ask = Route(request_id="r", messages=QUESTION, stronger=MODEL, sampling=GREEDY)
    async with aclosing(route(client, ask)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    again = await collect(client, ask)
    assert isinstance(again[-1], Finished)


def test_openais_answer_stands_first_under_its_makers_name() -> None:
    assert shown_both("GPT-4", "OpenAI", "better", "mine") == (
        "## OpenAI response\n\nbetter\n\n## Local model response\n\nmine"
    )
    assert shown_both("Big one", "me", "a", "b").startswith("## Big one response")
