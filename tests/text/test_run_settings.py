"""The options that say how llama.cpp runs are followed by the engine: seen from outside."""

from __future__ import annotations

import itertools
from dataclasses import replace

from tests.text.conftest import answer, ask, end_of, text_of
from workers.engines.text.llamacpp import LlamaCppEngine
from workers.engines.text.worker import TextWorker
from workers.messages import Progress
from workers.messages.process_spec import WorkerSettings

NOVEL = "The old sailor told the children about the storm that sank his ship. "


def test_a_card_says_how_its_model_runs(worker_settings: WorkerSettings) -> None:
    own = {"batch_tokens": 40, "kv_type": "q8_0", "decode_threads": 1, "draft_tokens": 8}
    card = worker_settings.card
    card = card.model_copy(update={"options": {**card.options, **own}})
    worker = TextWorker(LlamaCppEngine())
    worker.load(replace(worker_settings, card=card, slots=1), lambda loading: None)
    try:
        events = answer(worker, ask(NOVEL * 16, max_tokens=1))
        done = [int(event.done) for event in events if isinstance(event, Progress)]
        steps = {later - before for before, later in itertools.pairwise(done)}
        assert 40 in steps
        assert max(steps) == 40
        copied = answer(worker, ask(f"Repeat this word for word: {NOVEL}", max_tokens=24))
        assert "storm" in text_of(copied)
        assert end_of(copied).usage.completion_tokens > 4
    finally:
        worker.close()
