"""Questions for the tiny Llama, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.tiny_llama import ANSWERS
from workers.engines.contract import CancelToken
from workers.engines.text.worker import TextWorker
from workers.messages import (
    ChatMessage,
    Complete,
    Event,
    Finished,
    Generate,
    Ready,
    SamplingParams,
    TextDelta,
)

GREEDY = SamplingParams(temperature=0, repeat_penalty=1.0, max_tokens=60)
FRANCE, JAPANESE, COUNT, WEATHER, ALPHABET = ANSWERS
Load = Callable[..., tuple[TextWorker, Ready]]
"""Called with limits, a folder, a device, and the options of the card."""


def ask(question: str, **sampling: Any) -> Generate:
    turn = ChatMessage(role="user", text=question)
    return Generate(messages=(turn,), sampling=replace(GREEDY, **sampling))


def engine_of(worker: TextWorker) -> Any:
    """The engine with its insides, which no protocol shows."""
    return worker._engine


def run(worker: TextWorker, request: Generate | Complete) -> list[Event]:
    return list(worker.handle(request, CancelToken()))


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def end_of(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]
