"""LLM API's parameters in both spellings, and its stream's events, byte by byte."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from pydantic import ValidationError

from compat.llm_api.convert import broken, pieces_of, ping, text_of, to_complete
from compat.llm_api.schemas import GenerateRequest
from configs.catalogue import load_catalogue
from workers.messages import Complete, Event, Finished, Progress, TextDelta
from workers.messages.errors import GenerationError

CARD = load_catalogue()["smollm2-135m-instruct"]


def converted(**params: object) -> Complete:
    return to_complete(GenerateRequest.model_validate({"prompt": "p", "params": params}), CARD)


def test_without_params_the_first_versions_defaults_apply() -> None:
    for body in (
        {"prompt": "Hi"},
        {"prompt": "Hi", "params": None},
        {"prompt": "Hi", "params": {}},
    ):
        request = to_complete(GenerateRequest.model_validate(body), CARD)
        sampling = request.sampling
        assert request.prompt == "Hi"
        assert (sampling.max_tokens, sampling.temperature, sampling.top_k) == (300, 0.1, 40)
        assert (sampling.top_p, sampling.stop, sampling.repeat_penalty) == (0.95, (), 1.3)


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"n_predict": 7}, "max_tokens", 7),
        ({"max_tokens": 7}, "max_tokens", 7),
        ({"max_new_tokens": 7}, "max_tokens", 7),
        ({"n_predict": -1}, "max_tokens", None),
        ({"n_predict": 0}, "max_tokens", None),
        ({"top_k": -1}, "top_k", 0),
        ({"temp": 0.5}, "temperature", 0.5),
        ({"temperature": 0}, "temperature", 0),
        ({"repeat_penalty": 1.1}, "repeat_penalty", 1.1),
        ({"repetition_penalty": 1.1}, "repeat_penalty", 1.1),
        ({"top_k": 5}, "top_k", 5),
        ({"top_p": 0.5}, "top_p", 0.5),
        ({"stop": "\n"}, "stop", ("\n",)),
        ({"stop": ["a", "b"]}, "stop", ("a", "b")),
        ({"seed": 3}, "seed", 3),
        ({"seed": -1}, "seed", None),
        ({"frequency_penalty": 0.5}, "frequency_penalty", 0.5),
        ({"presence_penalty": 0.5}, "presence_penalty", 0.5),
        ({"min_p": 0.2}, "min_p", 0.2),
        ({"logprobs": 3}, "num_logprobs", None),
    ],
)
def test_every_spelling_reaches_the_sampling(
    given: dict[str, object], field: str, value: object
) -> None:
    assert getattr(converted(**given).sampling, field) == value


def test_a_value_of_the_wrong_type_is_named() -> None:
    with pytest.raises(ValidationError, match="n_predict"):
        converted(n_predict="many")


async def pieces(body: GenerateRequest) -> list[str]:
    async def events() -> AsyncIterator[Event]:
        yield Progress(request_id="r", done=1, total=2, unit="tokens")
        for text in ("a", "", "b\n"):
            yield TextDelta(request_id="r", text=text)
        yield Finished(request_id="r")

    assert text_of([event async for event in events()], body) == "".join(
        [piece async for piece in pieces_of(events(), body)]
    )
    return [piece async for piece in pieces_of(events(), body)]


async def test_echo_and_suffix_stand_around_the_answer() -> None:
    body = GenerateRequest.model_validate(
        {"prompt": "Q", "params": {"echo": True, "suffix": "END"}}
    )
    assert await pieces(body) == ["Q", "a", "b\n", "END"]
    assert await pieces(GenerateRequest(prompt="Q")) == ["a", "b\n"]


def test_a_ping_says_the_time_without_an_offset() -> None:
    pattern = rb"event: ping\r\ndata: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\r\n\r\n"
    assert re.fullmatch(pattern, ping().encode())


def test_a_failure_after_the_first_byte_is_an_event_of_its_own() -> None:
    body = broken(GenerationError("The engine broke.", "Try again.")).encode()
    assert body == b"event: error\r\ndata: The engine broke. Try again.\r\n\r\n"
