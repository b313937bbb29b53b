"""Pools whose text model lives in an environment of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import load_settings
from tests.tiny_llama import card_values
from tests.tts.environment import give_environment
from workers.assembly import build_pool
from workers.client import Client
from workers.messages import ChatMessage, Event, Generate, SamplingParams, TextDelta


@contextmanager
def served(data_dir: Path, environment: str, **folders: Path) -> Iterator[Client]:
    """Serve each folder as a model of that name; the first is the default."""
    give_environment(environment, data_dir)
    engine = "gptqmodel" if environment == "gptq" else "vllm"
    cards = {}
    for name, folder in folders.items():
        values = {"engine": engine, "environment": environment, "files": _weights_of(folder)}
        cards[name] = ModelCard.model_validate(card_values(folder, id=name, **values))
    flags: dict[str, Any] = {"data_dir": str(data_dir), "log_level": "WARNING"}
    workers = {"text": {"model": next(iter(cards)), "slots": 2, "threads": 1}}
    pool, client = build_pool(
        load_settings("cpu", {**flags, "workers": workers}), {**load_catalogue(), **cards}
    )
    pool.start()
    try:
        yield client
    finally:
        pool.close()
        assert all(worker.pid is None for worker in pool.status().workers)


def _weights_of(folder: Path) -> dict[str, None]:
    return dict.fromkeys(sorted(path.name for path in folder.glob("*.safetensors")))


def ask(question: str, model: str | None = None, **sampling: Any) -> Generate:
    fields = {"temperature": 0, "repeat_penalty": 1.0, "max_tokens": 60, **sampling}
    turn = ChatMessage(role="user", text=question)
    return Generate(messages=(turn,), model=model, sampling=SamplingParams(**fields))


def text_of(events: tuple[Event, ...]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))
