"""What a benchmark of one model gives: a few runs, and their medians. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from workers.messages import Modality, Usage

READS: dict[Modality, str] = {
    "text": "tokens",
    "stt": "s of sound",
    "tts": "characters",
    "vision": "pictures",
    "rag": "passages",
}
"""What a run's `read` counts."""
WRITES: dict[Modality, str] = {
    "text": "tokens",
    "stt": "words",
    "tts": "s of speech",
    "vision": "tokens",
    "rag": "vectors",
}
"""What a run's `written` counts."""
PACES: dict[Modality, str] = {
    "text": "tokens/s",
    "stt": "× real time",
    "tts": "× real time",
    "vision": "pictures/s",
    "rag": "chunks/s",
}
"""The unit of a run's `pace`, for programs; more is better."""
PACES_SHOWN: dict[Modality, str] = {**PACES, "rag": "passages/s"}
"""The same for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRun:
    """The model loaded anew, and asked once. Times in seconds."""

    load_s: float
    """From a process that was not there to a model that answers; 0 for one on another server."""
    read: float
    written: float
    total_s: float
    """From the question to the end of the answer, without loading."""
    first_s: float
    """To the first piece of the answer."""
    pace: float
    peak_mib: int
    """The most that the worker's process had resident; 0: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkResult:
    """One benchmark, as it is kept."""

    model_id: str
    name: str
    """The model's, for people."""
    modality: Modality
    date: str
    """UTC, as "2026-11-30T21:40:05Z"."""
    machine: str
    """Processor and cores."""
    device: str
    settings: str
    """How it ran, for people: threads, batch, context; "" where there is nothing to choose."""
    version: str
    """Of Quintet."""
    load: float
    """Programs that computed before, on average: 0 is quiet."""
    runs: tuple[BenchmarkRun, ...]

    def median(self, of: Callable[[BenchmarkRun], float]) -> float:
        """Return the median of one number over the runs."""
        return statistics.median(map(of, self.runs))

    @property
    def pace(self) -> float:
        """The median speed, in the unit `PACES` of its modality."""
        return self.median(lambda run: run.pace)

    def as_dict(self) -> dict[str, Any]:
        """Return the medians as JSON has them."""
        names = ("load_s", "read", "written", "total_s", "first_s", "pace", "peak_mib")
        medians = {
            name: round(self.median(lambda run, n=name: getattr(run, n)), 5)  # type: ignore[misc]
            for name in names
        }
        about = ("model_id", "modality", "date", "machine", "device", "settings", "version", "load")
        counted = {"unit": PACES[self.modality], "num_runs": len(self.runs)}
        return {**{name: getattr(self, name) for name in about}, **counted, **medians}


def amounts_of(
    modality: Modality, usage: Usage, *, num_given: float, num_words: int
) -> tuple[float, float]:
    """Return what was read and written, as `READS` and `WRITES` count.

    `num_given`: characters, pictures or chunks of the request; `num_words`: of the answer.
    """
    if modality == "text":
        return usage.prompt_tokens, usage.completion_tokens
    if modality == "stt":
        return round(usage.audio_s, 2), num_words
    if modality == "tts":
        return num_given, round(usage.audio_s, 2)
    if modality == "vision":
        return num_given, usage.completion_tokens
    return round(usage.num_chunks or num_given, 1), num_given


def pace_of(modality: Modality, usage: Usage, read: float, work_s: float) -> float:
    """Return the speed in the unit `PACES`; `work_s`: seconds that the worker took."""
    work_s = max(work_s, 1e-6)
    if modality == "text":
        seconds = usage.decode_s or work_s
        return usage.completion_tokens / max(seconds, 1e-6)
    if modality in ("stt", "tts"):
        return usage.audio_s / work_s
    return read / work_s


def others_of(
    results: Sequence[BenchmarkResult], modality: Modality, machine: str
) -> tuple[BenchmarkResult, ...]:
    """Return the newest result of each model of a modality on one machine, the fastest first."""
    newest = {
        one.model_id: one
        for one in results
        if one.modality == modality and one.machine == machine and one.runs
    }
    return tuple(sorted(newest.values(), key=lambda one: one.pace, reverse=True))
