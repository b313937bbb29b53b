"""`tune`: choose how a model runs on this machine, by asking it with several settings in turn.

Every candidate is the model's card with other options, so the pool loads it as any model: in a process
of its own (the spin is fixed when that starts), within the memory that there is. They take turns, in another order
each time, because a machine's speed drifts, and their medians are compared. A simpler setting stays
unless another is faster by more than the doubt.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages import Complete, Finished, SamplingParams, Usage
from workers.messages.errors import GenerationError
from workers.models.tuning.book import Tuned
from workers.models.tuning.run_settings import CALM_SPIN, KV_TYPES, RunSettings, batch_for

PROMPT_TOKENS, ANSWER_TOKENS = 160, 24
ROUNDS = 3
DOUBT = 0.04
"""By how much another setting must be faster: less is the machine's mood."""
_SENTENCE = "Item {number}: the grey fox went to town on day {number} and met a friend. "
_TOKENS_OF_SENTENCE = 20

Report = Callable[[str, int, int], None]
"""Told what is measured, how many answers are there, and how many there will be."""


@dataclass(slots=True, kw_only=True)
class Trial:
    """One setting and what it was seen to do."""

    settings: RunSettings
    reading: list[float] = field(default_factory=list)
    """Tokens of a prompt per second, in each round."""
    writing: list[float] = field(default_factory=list)
    """Tokens of the answer per second."""

    @property
    def speeds(self) -> tuple[float, float]:
        """Medians: reading, writing."""
        return statistics.median(self.reading), statistics.median(self.writing)

    @property
    def time_s(self) -> float:
        """What a question of 300 tokens and its answer of 100 would take: what is compared."""
        reading, writing = self.speeds
        return 300 / reading + 100 / writing


class Tuner:
    """Tries settings of one model. Blocking; a round of a small model takes about a second."""

    def __init__(self, client: Client, card: ModelCard, report: Report) -> None:
        self._client = client
        self._card = card
        self._report = report

    def tune(self, start: RunSettings) -> Tuned:
        """Return the fastest setting within reach of `start`. Raises: AppError."""
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        best = self._best("threads", start, thread_choices(start))
        best = self._best("spin", best, spin_choices(best))
        best = self._best("KV cache", best, kv_choices(best))
        trial = self._measure("batch", [best])[0]
        fitting = replace(best, batch_tokens=batch_for(trial.speeds[0]))
        if fitting != best:
            trial = self._measure("batch", [fitting])[0]
        reading, writing = trial.speeds
        return Tuned(
            settings=trial.settings,
            reading=reading,
            writing=writing,
            date=time.strftime("%Y-%m-%d"),
            load=load,
        )

    def _best(self, what: str, first: RunSettings, others: Iterable[RunSettings]) -> RunSettings:
        choices = [first, *(other for other in others if other != first)]
        return chosen(self._measure(what, choices)) if len(choices) > 1 else first

    def _measure(self, what: str, choices: list[RunSettings]) -> list[Trial]:
        trials = [Trial(settings=settings) for settings in choices]
        total = ROUNDS * len(trials)
        for number in range(ROUNDS):
            ordered = trials if number % 2 == 0 else trials[::-1]
            for place, trial in enumerate(ordered):
                self._report(what, number * len(trials) + place, total)
                self._ask(trial, number)
        self._report(what, total, total)
        return trials

    def _ask(self, trial: Trial, number: int) -> None:
        card = candidate(self._card, trial.settings)
        self._client.models.add(card)
        self._client.run(_question(card, _prompt(-1), ANSWER_TOKENS))  # it loads, and gets warm
        *_, end = self._client.run(_question(card, _prompt(number), ANSWER_TOKENS))
        usage = end.usage if isinstance(end, Finished) else Usage()
        read = usage.prompt_tokens - usage.cached_tokens
        if usage.prefill_s <= 0 or usage.decode_s <= 0 or usage.completion_tokens < 2:
            raise GenerationError(f"{self._card.name} said too little to be measured.")
        trial.reading.append(read / usage.prefill_s)
        trial.writing.append(usage.completion_tokens / usage.decode_s)


def chosen(trials: list[Trial]) -> RunSettings:
    """Return the fastest setting; the first, unless another is faster beyond doubt."""
    fastest = min(trials, key=lambda trial: trial.time_s)
    is_clear = fastest.time_s < trials[0].time_s * (1 - DOUBT)
    return (fastest if is_clear else trials[0]).settings


def thread_choices(start: RunSettings) -> list[RunSettings]:
    """Return settings with fewer threads: cores of two kinds, or a bus that fewer fill."""
    most = start.decode_threads
    counts = {max(1, most // 2), max(1, most * 3 // 4), max(1, most - 1)} - {most}
    return [replace(start, decode_threads=count) for count in sorted(counts, reverse=True)]


def spin_choices(start: RunSettings) -> list[RunSettings]:
    """Return the short spin, if it is not that already."""
    return [replace(start, spin=CALM_SPIN)] if start.spin > CALM_SPIN else []


def kv_choices(start: RunSettings) -> list[RunSettings]:
    """Return the other types of KV cache."""
    return [replace(start, kv_type=kind) for kind in KV_TYPES if kind != start.kv_type]


def candidate(card: ModelCard, settings: RunSettings) -> ModelCard:
    """Return the card of a model that runs with these settings; another card is loaded anew."""
    options = {**card.options, **settings.as_options(), "slots": 1}
    return card.model_copy(update={"options": options})


def _prompt(number: int) -> str:
    count = PROMPT_TOKENS // _TOKENS_OF_SENTENCE
    # Each round begins differently, so that nothing of it is in the KV cache.
    return "".join(_SENTENCE.format(number=100 * number + i) for i in range(count))


def _question(card: ModelCard, prompt: str, num_tokens: int) -> Complete:
    sampling = SamplingParams(max_tokens=num_tokens, temperature=0.0, ignore_eos=True)
    return Complete(prompt=prompt, sampling=sampling, model=card.id)
