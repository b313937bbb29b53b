"""From cards to processes: whose number of slots and threads counts; two models of real weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.catalogue import load_catalogue
from configs.settings import Settings, load_settings
from tests.configs.test_localai import weights
from tests.pool.conftest import card
from workers.assembly import build_pool, process_spec_of
from workers.client import Client
from workers.messages import ChatMessage, Generate, Queued, SamplingParams, TextDelta
from workers.messages.errors import LoadError
from workers.pool.threads import usable_cores

COPY = "smollm2-twin"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = str(tmp_path_factory.mktemp("data"))
    return load_settings("cpu", {"data_dir": folder, "log_level": "WARNING"})


def test_a_card_may_have_its_own_slots_and_threads(settings: Settings) -> None:
    spec = process_spec_of(card("text", slots=7, threads=3), settings)
    assert (spec.settings.slots, spec.settings.threads) == (7, 3)
    spec = process_spec_of(card("text", threads=0), settings)
    assert spec.settings.slots == settings.workers.text.slots
    assert spec.settings.threads == usable_cores()


@pytest.mark.parametrize("options", [{"slots": 0}, {"slots": "many"}, {"threads": -1}])
def test_a_number_that_is_none_is_reported_when_the_model_is_loaded(
    settings: Settings, options: dict[str, Any]
) -> None:
    with pytest.raises(LoadError, match=r"not a whole number from [01]\. Mend the card fake-text"):
        process_spec_of(card("text").model_copy(update={"options": options}), settings)


def test_a_models_folder_is_offered_and_looked_at_again(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").symlink_to(weights())
    changed = settings.model_copy(update={"models_path": tmp_path})
    pool, client = build_pool(changed, load_catalogue)
    pool.start()
    try:
        assert client.card("text").id == settings.workers.text.model[-1]
        (tmp_path / "later.gguf").symlink_to(weights())
        events = client.run(ask("later.gguf"))
        assert "Paris" in "".join(e.text for e in events if isinstance(e, TextDelta))
        assert client.models.get("mine.gguf", "text").source == f"path:{tmp_path}"
    finally:
        pool.close()


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[Client]:
    """The packaged text model under two names, the second with two slots."""
    cards = load_catalogue()
    original = cards[settings.workers.text.model[-1]]
    changes = {"id": COPY, "name": "Twin", "options": {**original.options, "slots": 2}}
    cards[COPY] = original.model_copy(update=changes)
    broken = {"id": "broken", "name": "Broken", "options": {"slots": "many"}}
    cards["broken"] = original.model_copy(update=broken)
    pool, client = build_pool(settings, lambda: cards)
    pool.start()
    yield client
    pool.close()
    assert all(worker.pid is None for worker in pool.status().workers)


def ask(model: str | None = None) -> Generate:
    question = "What is the capital of France? Answer briefly."
    return Generate(
        messages=(ChatMessage(role="user", text=question),),
        sampling=SamplingParams(temperature=0, max_tokens=20),
        model=model,
    )


def test_two_models_of_real_weights_answer_in_turn(client: Client) -> None:
    original = client.card("text").id
    for model in (None, COPY, original):
        events = client.run(ask(model))
        assert "Paris" in "".join(e.text for e in events if isinstance(e, TextDelta))
        loaded, ready = client.loaded("text"), client.ready("text", model)
        assert loaded is not None
        assert ready is not None
        assert loaded.id == (model or original)
        if model == COPY:
            assert ready.slots == 2
            reasons = [event.reason for event in events if isinstance(event, Queued)]
            assert any(reason.startswith("waking Twin: ") for reason in reasons)


def test_a_card_that_is_wrong_fails_its_own_requests_only(client: Client) -> None:
    with pytest.raises(LoadError, match="the option slots is 'many'"):
        client.run(ask("broken"))
    assert any(isinstance(event, TextDelta) for event in client.run(ask(COPY)))
