"""Every engine that can be chosen exists, and every card names one."""

from __future__ import annotations

import pytest

from configs.catalogue import ModelCard, load_catalogue
from workers.engines.registry import WORKERS, create_worker
from workers.messages import MODALITIES

ENGINES = [(modality, engine) for modality in WORKERS for engine in WORKERS[modality]]


def test_every_modality_has_an_engine() -> None:
    assert set(WORKERS) == set(MODALITIES)
    assert all(WORKERS.values())


@pytest.mark.parametrize(("modality", "engine"), ENGINES)
def test_every_registered_engine_can_be_built(modality: str, engine: str) -> None:
    """The registry is text: a misspelled module would show only when somebody chooses it."""
    worker = create_worker(modality, engine, WORKERS)
    for method in ("load", "handle", "close"):
        assert callable(getattr(worker, method))


@pytest.mark.parametrize("card", load_catalogue().values(), ids=lambda card: card.id)
def test_every_card_names_a_registered_engine(card: ModelCard) -> None:
    assert card.engine in WORKERS[card.modality]
