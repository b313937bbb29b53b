"""A folder of safetensors through the real pool, and through the files of other systems."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from compat.geniusrise.config import read_genius
from compat.llm_api.config import read_llm_api
from configs.catalogue import ModelCard, load_catalogue
from configs.settings import load_settings
from tests.tiny_llama import ANSWERS, CONTEXT_TOKENS, card_values
from workers.assembly import build_pool
from workers.client import Client
from workers.messages import ChatMessage, Event, Finished, Generate, SamplingParams, TextDelta
from workers.messages.errors import ContextTooLongError

pytestmark = pytest.mark.torch

FRANCE, _, COUNT, *_others = ANSWERS


@contextmanager
def serving(card: ModelCard, data_dir: Path) -> Iterator[Client]:
    workers = {"text": {"model": card.id, "slots": 2, "threads": 1}}
    flags: dict[str, Any] = {"data_dir": str(data_dir), "workers": workers, "log_level": "WARNING"}
    pool, client = build_pool(load_settings("cpu", flags), {**load_catalogue(), card.id: card})
    pool.start()
    try:
        yield client
    finally:
        pool.close()


def ask(question: str, **sampling: Any) -> Generate:
    params = {"temperature": 0.0, "repeat_penalty": 1.0, "max_tokens": 60, **sampling}
    turn = ChatMessage(role="user", text=question)
    return Generate(messages=(turn,), sampling=SamplingParams(**params))


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def test_a_folder_of_safetensors_is_served_by_the_pool(tiny_llama: Path, tmp_path: Path) -> None:
    card = ModelCard.model_validate(card_values(tiny_llama, options={"load_in": "nf4"}))
    with serving(card, tmp_path) as client:
        assert text_of(list(client.stream(ask(FRANCE)))) == ANSWERS[FRANCE]
        ready = next(worker for worker in client.status().workers if worker.modality == "text")
        assert (ready.device, ready.slots) == ("cpu", 2)
        with pytest.raises(ContextTooLongError):
            list(client.stream(ask("word " * CONTEXT_TOKENS)))
        _stop_midway(client)
        assert text_of(list(client.stream(ask(COUNT)))) == ANSWERS[COUNT]


def _stop_midway(client: Client) -> None:
    """Leave an answer that would go on; the worker hears it and is free."""
    long = ask(COUNT, max_tokens=450, ignore_eos=True)
    with closing(client.stream(long)) as events:
        next(event for event in events if isinstance(event, TextDelta))
    deadline = time.monotonic() + 10
    while any(worker.num_running for worker in client.status().workers):
        assert time.monotonic() < deadline, "the slot is not free after 10 s"
        time.sleep(0.01)


def test_a_genius_file_that_names_a_folder_is_served(tiny_llama: Path, tmp_path: Path) -> None:
    path = tmp_path / "genius.yml"
    path.write_text(yaml.safe_dump({"bolts": {"b": {"args": {"model_name": str(tiny_llama)}}}}))
    (card,) = read_genius(path).cards
    assert (card.engine, card.source) == ("transformers", f"path:{tiny_llama}")
    with serving(card, tmp_path / "data") as client:
        events = list(client.stream(ask(FRANCE)))
    assert text_of(events) == ANSWERS[FRANCE]
    assert isinstance(events[-1], Finished)


def test_an_llm_api_file_names_a_folder_or_what_a_hub_has_of_it(
    tiny_llama: Path, tmp_path: Path
) -> None:
    def card_of(repository: str) -> ModelCard:
        path = tmp_path / "config.yaml"
        content = {"model_family": "huggingface", "setup_params": {"repo_id": repository}}
        path.write_text(yaml.safe_dump(content))
        return read_llm_api(path, {}).cards[0]

    here, there = card_of(str(tiny_llama)), card_of("owner/model")
    assert (here.engine, here.source, here.files) == ("transformers", f"path:{tiny_llama}", {})
    assert there.source == "hf:owner/model@main"
    assert there.weight_file == "model*.safetensors"
