"""The batch for the next time that a model is loaded, from how fast its prompts were read this time.

Costs nothing and waits for nobody: the speeds are those of real requests. The fastest counts, which is
the machine's own; in the others somebody else was at work.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

from configs.catalogue import ModelCard
from workers.messages import Usage

from .book import Tuned, TuningBook
from .run_settings import RunSettings, batch_for

log = logging.getLogger("quintet.tuning")

NUM_PROMPTS = 3
"""As many long prompts say enough."""
LONG_IN_BATCHES = 3
"""What is a long prompt: the first and the last batch are not like the others."""
FAR = 1.5
"""By which factor a batch must be wrong to be changed."""


class ReadingSpeeds:
    """Of one loaded model. Safe to use from several threads."""

    def __init__(self, card: ModelCard, settings: RunSettings, device: str, data_dir: Path) -> None:
        self._card = card
        self._settings = settings
        self._device = device
        self._book = TuningBook(data_dir)
        self._seen: list[float] = []
        self._lock = threading.Lock()

    def note(self, usage: Usage) -> None:
        """Look at a request that has ended; after enough long ones, remember a better batch."""
        read = usage.prompt_tokens - usage.cached_tokens
        is_long = read >= LONG_IN_BATCHES * self._settings.batch_tokens and usage.prefill_s > 0
        if not is_long or usage.decode_s <= 0:
            return
        with self._lock:
            self._seen.append(read / usage.prefill_s)
            if len(self._seen) != NUM_PROMPTS:
                return
        fastest, now = max(self._seen), self._settings.batch_tokens
        better = batch_for(fastest)
        if max(better / now, now / better) >= FAR:
            self._remember(better, fastest, usage.completion_tokens / usage.decode_s)

    def _remember(self, batch: int, reading: float, writing: float) -> None:
        tuned = Tuned(
            settings=replace(self._settings, batch_tokens=batch),
            reading=reading,
            writing=writing,
            date=time.strftime("%Y-%m-%d"),
            load=os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
        )
        try:
            self._book.note(self._card, self._device, tuned)
        except OSError as err:
            log.warning("what was learned of %s is not kept: %s", self._card.name, err)
