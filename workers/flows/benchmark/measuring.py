"""Measures one model: put to sleep, loaded anew, asked the same; a few times, and the medians count.

The worker's process really ends before each load, so what is timed is a load. The system may still have
the file in its cache, as it does for whoever loads a model twice.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime, timezone

from configs.catalogue import ModelCard
from configs.version import version
from workers.client import Client, StopSwitch, WorkerStatus
from workers.messages import Finished, LoadModel, SegmentDelta, TextDelta
from workers.messages.errors import GenerationError, ResourceError, UnsupportedInputError
from workers.models.benchmarks.result import (
    BenchmarkResult,
    BenchmarkRun,
    amounts_of,
    pace_of,
)
from workers.models.tuning.book import machine_parts
from workers.specs.spec import may_be_default

from ..receipt import Receipt
from .material import asked_of

REPEATS = 3
SLEEP_TIMEOUT_S = 60.0
POLL_S = 0.02
STEPS = ("putting it to sleep", "loading", "answering")
"""Of one run, in their order."""

Report = Callable[[str, int, int], None]
"""Told what is done now, which step that is, and how many there are."""


class Stopped(Exception):
    """The benchmark was stopped; nothing of it is kept."""


def check_can_be_measured(card: ModelCard) -> None:
    """Raises: UnsupportedInputError for a model that works only beside another."""
    if not may_be_default(card):
        raise UnsupportedInputError(
            f"{card.name} works beside the embedder and has no process of its own to measure.",
            "Measure the embedder.",
        )


def check_is_idle(client: Client, card: ModelCard) -> None:
    """Raises: ResourceError while the worker has work, which a benchmark would end."""
    worker = _worker(client, card)
    if worker is None or not (worker.num_running or worker.num_waiting):
        return
    raise ResourceError(
        f"{worker.model} is at work: {worker.num_running} running, {worker.num_waiting} waiting.",
        "A benchmark puts it to sleep first: try again when it is done.",
    )


class Benchmark:
    """One model's benchmark on the pool of a client. Blocking: run it in a thread."""

    def __init__(self, client: Client, card: ModelCard, report: Report, stop: StopSwitch) -> None:
        """Nothing is asked yet."""
        self._pool = client
        self._client = client.stopped_by(stop)
        self._card = card
        self._report = report
        self._stop = stop

    def measure(self, settings: str = "", repeats: int = REPEATS) -> BenchmarkResult:
        """Return the result; the worker has its default model afterwards, awake if it was before.

        Raises: AppError; Stopped.
        """
        card = self._card
        check_can_be_measured(card)
        check_is_idle(self._pool, card)
        before = self._pool.loaded(card.modality)
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        try:
            runs = tuple(self._run(number, repeats) for number in range(repeats))
            ready = self._pool.ready(card.modality, card.id)
        finally:
            self._leave(before)
        return BenchmarkResult(
            model_id=card.id,
            name=card.name,
            modality=card.modality,
            date=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            machine=", ".join(machine_parts()),
            device=ready.device if ready is not None else "",
            settings=settings,
            version=version(),
            load=round(load, 2),
            runs=runs,
        )

    def _run(self, number: int, repeats: int) -> BenchmarkRun:
        steps = len(STEPS)
        for place, step in enumerate(STEPS[:2]):
            self._tell(f"run {number + 1} of {repeats}: {step}", number * steps + place, repeats)
            if place == 0:
                self._sleep()
            else:
                load_s = self._load()
        words = f"run {number + 1} of {repeats}: {STEPS[2]}"
        self._tell(words, number * steps + 2, repeats)
        run = self._ask(load_s)
        self._tell(words, (number + 1) * steps, repeats)
        return run

    def _tell(self, what: str, done: int, repeats: int) -> None:
        if self._stop.is_pressed:
            raise Stopped
        self._report(what, done, repeats * len(STEPS))

    def _sleep(self) -> None:
        """Put the worker to sleep, and wait until its process is gone."""
        if self._card.is_remote:
            return
        give_up = time.monotonic() + SLEEP_TIMEOUT_S
        while (worker := _worker(self._pool, self._card)) is not None and worker.pid is not None:
            check_is_idle(self._pool, self._card)
            self._pool.sleep(self._card.modality, only_idle=True)
            if time.monotonic() > give_up:
                raise ResourceError(
                    f"{self._card.name} could not be put to sleep within {SLEEP_TIMEOUT_S:.0f} s.",
                    "Try again when nobody uses it.",
                )
            if self._stop.is_pressed:
                raise Stopped
            time.sleep(POLL_S)

    def _load(self) -> float:
        """Return the seconds from no process to a model that answers."""
        card, began = self._card, time.monotonic()
        *_, end = self._client.run(LoadModel(modality=card.modality, model=card.id))
        self._check(end)
        return 0.0 if card.is_remote else time.monotonic() - began

    def _ask(self, load_s: float) -> BenchmarkRun:
        asked, modality = asked_of(self._card), self._card.modality
        receipt, num_words = Receipt(), 0
        end: object = None
        for event in self._client.stream(asked.request):
            receipt.see(event)
            if isinstance(event, (SegmentDelta, TextDelta)):
                num_words += len(event.text.split())
            end = event
        finished = self._check(end)
        usage = finished.usage
        read, written = amounts_of(modality, usage, num_given=asked.num_given, num_words=num_words)
        total_s = receipt.total_s - receipt.queued_s - receipt.loaded_s
        first_s = (
            receipt.first_s - receipt.queued_s - receipt.loaded_s if receipt.first_s else total_s
        )
        return BenchmarkRun(
            load_s=load_s,
            read=read,
            written=written,
            total_s=total_s,
            first_s=first_s,
            pace=pace_of(modality, usage, read, finished.run_s),
            peak_mib=finished.peak_mib,
        )

    def _check(self, end: object) -> Finished:
        """Raises: Stopped; GenerationError for an answer without an end."""
        if self._stop.is_pressed:
            raise Stopped
        if not isinstance(end, Finished) or end.reason == "cancelled":
            raise GenerationError(f"{self._card.name} did not end its answer.")
        return end

    def _leave(self, before: ModelCard | None) -> None:
        """Put the default model back where another was measured; awake only if one was before."""
        modality = self._card.modality
        if before is None or before.id != self._card.id:
            self._pool.sleep(modality, only_idle=True)
        if before is not None and before.id != self._card.id:
            self._pool.warm(modality)


def _worker(client: Client, card: ModelCard) -> WorkerStatus | None:
    return next((w for w in client.status().workers if w.modality == card.modality), None)
