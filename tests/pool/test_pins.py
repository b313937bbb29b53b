"""Which pins a refusal names: those that keep others awake, whichever worker holds them."""

from __future__ import annotations

from typing import cast

import pytest

from configs.catalogue import load_catalogue
from workers.messages import Modality
from workers.pool.memory.memory_estimate import MemoryEstimate
from workers.pool.memory.placement import Placement
from workers.pool.memory.plan import Plan
from workers.pool.memory.tracker import Budget, MemoryTracker
from workers.pool.requester import Requester, will_not_fit

GUESS = MemoryEstimate(weights_mib=900, kv_cache_mib=0, activations_mib=0, runtime_mib=0, error=0)
WHERE = Placement(device="cpu", need_mib={"cpu": 900}, memory_estimate=GUESS)
EMBEDDER = load_catalogue()["all-minilm-l6-v2"]
TOO_LARGE = Plan(
    model_id=EMBEDDER.id, name=EMBEDDER.name, outcome="too_large", placement=WHERE, free_mib=10
)


class Worker:
    """As much of a worker as is asked here."""

    def __init__(self, *serves: Modality) -> None:
        self.serves = serves


@pytest.mark.parametrize(
    ("pinned", "awake", "named"),
    [
        ({"text"}, ["text"], "unpin a worker (text)"),
        ({"vision"}, ["text"], "unpin a worker (vision)"),  # it lives with text
        ({"vision", "text", "stt"}, ["text"], "unpin a worker (text, vision)"),
        ({"stt"}, ["text"], ""),
        ({"rag"}, ["rag"], ""),
    ],
)
def test_a_pin_of_a_modality_that_lives_with_another_is_named(
    pinned: set[str], awake: list[str], named: str
) -> None:
    tracker = MemoryTracker(lambda: (), Budget(), pinned)
    for name in awake:
        tracker.grant(name, {"cpu": 100})
    workers = {"text": Worker("text", "vision"), "rag": Worker("rag"), "stt": Worker("stt")}
    refused = will_not_fit(TOO_LARGE, EMBEDDER, tracker, cast(dict[str, Requester], workers))
    assert refused.hint.count("unpin") == bool(named)
    assert named in refused.hint
