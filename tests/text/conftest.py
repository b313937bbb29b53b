"""One loaded text worker with the packaged weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.catalogue import ModelCard, load_catalogue
from tests.tiny_llama import build_tiny_llama, card_values
from workers.engines.contract import CancelToken
from workers.engines.text.hf import HfTextEngine
from workers.engines.text.llamacpp import LlamaCppEngine
from workers.engines.text.worker import TextWorker
from workers.messages import (
    ChatMessage,
    Event,
    Finished,
    Generate,
    Ready,
    SamplingParams,
    TextDelta,
)
from workers.messages.process_spec import WorkerSettings

from .hf_asking import Load

CONTEXT_TOKENS = 512
SLOTS = 4
GREEDY = {"temperature": 0.0, "repeat_penalty": 1.0, "max_tokens": 16}
"""A model this small answers rightly only when nothing pushes it off its first choice."""


@pytest.fixture(scope="session")
def worker_settings(tmp_path_factory: pytest.TempPathFactory) -> WorkerSettings:
    return WorkerSettings(
        card=load_catalogue()["smollm2-135m-instruct"],
        threads=2,
        slots=SLOTS,
        data_dir=tmp_path_factory.mktemp("text-data"),
        limits={"max_context_tokens": CONTEXT_TOKENS},
    )


@pytest.fixture(scope="session")
def loaded(worker_settings: WorkerSettings) -> Iterator[tuple[TextWorker, Ready]]:
    worker = TextWorker(LlamaCppEngine())
    ready = worker.load(worker_settings, lambda loading: None)
    yield worker, ready
    worker.close()


@pytest.fixture(scope="session")
def worker(loaded: tuple[TextWorker, Ready]) -> TextWorker:
    return loaded[0]


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_llama(tmp_path_factory.mktemp("tiny-llama"))


@pytest.fixture(scope="session")
def load(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Load:
    def start(
        limits: dict[str, float] | None = None,
        folder: Path = tiny_llama,
        device: str = "cpu",
        **options: Any,
    ) -> tuple[TextWorker, Ready]:
        settings = WorkerSettings(
            card=ModelCard.model_validate(card_values(folder, options=options)),
            device=device,
            threads=1,
            slots=2,
            data_dir=tmp_path_factory.mktemp("data"),
            limits=limits or {},
        )
        worker = TextWorker(HfTextEngine())
        return worker, worker.load(settings, lambda loading: None)

    return start


@pytest.fixture(scope="session")
def hf_worker(load: Load) -> Iterator[TextWorker]:
    worker, _ = load()
    yield worker
    worker.close()


def ask(*texts: str, system: str = "", **sampling: object) -> Generate:
    """User and assistant in turns; greedy and short unless told otherwise."""
    roles = ("user", "assistant")
    turns = [
        ChatMessage(role=roles[number % 2], text=text)  # type: ignore[arg-type]
        for number, text in enumerate(texts)
    ]
    head = [ChatMessage(role="system", text=system)] if system else []
    params = SamplingParams(**{**GREEDY, **sampling})  # type: ignore[arg-type]
    return Generate(messages=(*head, *turns), sampling=params)


def answer(worker: TextWorker, request: Generate) -> list[Event]:
    return list(worker.handle(request, CancelToken()))


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def end_of(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]
