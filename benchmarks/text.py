"""Chat through the pool against llama.cpp alone at its best: tokens/s at 1 to 16 streams, first token.

Alone it runs in two ways, with its own defaults and with the settings that we chose; the faster one of
each row counts. All three sides have the same prompts and numbers of tokens; they take turns, each
alive only while it is measured, because two idle engines already disturb each other on few cores.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from dataclasses import dataclass

from workers.client import Client
from workers.messages import ChatMessage, Generate, SamplingParams, TextDelta

from .bare_text import KINDS, Ask, Kind, Timing, with_bare
from .harness import Measurement, in_own_process, quiet_pool

STREAMS = (1, 4, 8, 16)
BARS = {1: "≥ 0.97", 4: "≥ 0.95", 8: "≥ 0.95", 16: "≥ 0.95"}
SLOTS = 8
RUNS = 7
REPEATS = 3
"""Of each number of streams in a run: a single answer of 100 tokens is over within a second."""
NUM_TOKENS = 100
PROMPT_SENTENCES = 75
"""About 1,000 tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one way to run the model took."""

    streams: dict[int, list[Timing]]
    reading_s: float
    """From a long prompt to its first token."""


def measure() -> list[Measurement]:
    """Return a ratio for each number of streams and for reading, and what the pool adds."""
    through: list[Side] = []
    bare: dict[Kind, list[Side]] = {kind: [] for kind in KINDS}
    load = os.getloadavg()[0]
    for run in range(RUNS):
        for kind in KINDS if run % 2 == 0 else KINDS[::-1]:
            bare[kind].append(in_own_process(bare_side, kind))
        through.append(pool_side())
    rows = [_streams_row(number, bare, through, load) for number in STREAMS]
    rows.append(_reading_row(bare, through, load))
    ours = bare["our settings"]
    added_ms = [
        (_first(pool.streams[1]) - _first(alone.streams[1])) * 1000
        for pool, alone in zip(through, ours, strict=True)
    ]
    first = Measurement(
        what="added time to first token by the pool (median)",
        value=statistics.median(added_ms),
        unit="ms",
        bar="≤ 10",
        runs=RUNS,
    )
    return [*rows, first]


def _streams_row(
    number: int, bare: dict[Kind, list[Side]], through: list[Side], load: float
) -> Measurement:
    def speeds(sides: list[Side]) -> list[float]:
        walls = (max(end for _, end in side.streams[number]) for side in sides)
        return [number * NUM_TOKENS / wall for wall in walls]

    alone = {kind: speeds(sides) for kind, sides in bare.items()}
    ours = speeds(through)
    return Measurement(
        what=f"chat at {number} streams, pool ÷ the best bare",
        value=_ratio(ours, _best(alone)),
        unit="ratio",
        bar=BARS[number],
        runs=RUNS,
        note=f"{statistics.median(ours):.0f} tokens/s; {_medians(alone, '.3g')}; load {load:.1f}",
    )


def _reading_row(bare: dict[Kind, list[Side]], through: list[Side], load: float) -> Measurement:
    alone = {kind: [1 / side.reading_s for side in sides] for kind, sides in bare.items()}
    ours = [1 / side.reading_s for side in through]
    return Measurement(
        what="a prompt of 1,000 tokens, the best bare's time ÷ ours",
        value=_ratio(ours, _best(alone)),
        unit="ratio",
        runs=RUNS,
        note=f"{1 / statistics.median(ours):.2f} s; prompts/s alone: {_medians(alone, '.2f')}; "
        f"a batch is bounded by Stop ≤ 0.3 s; load {load:.1f}",
    )


def _best(alone: dict[Kind, list[float]]) -> list[float]:
    """Return the speeds of the way that is the faster one over all runs."""
    return max(alone.values(), key=statistics.median)


def _ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median of each run's own ratio: what slows the machine meanwhile slows both sides."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def _medians(alone: dict[Kind, list[float]], digits: str) -> str:
    return "; ".join(
        f"{kind} {statistics.median(values):{digits}}" for kind, values in alone.items()
    )


def _first(timings: list[Timing]) -> float:
    return statistics.median(first for first, _ in timings)


def bare_side(kind: Kind) -> Side:
    """Measure the library's own streaming call, in this process."""
    side: Side = with_bare(kind, SLOTS, _side)
    return side


def pool_side() -> Side:
    """Measure through client, pool and pipes."""
    with quiet_pool(workers={"text": {"slots": SLOTS}}) as (_, client):
        return _side(lambda request: _ask(client, request))


def _side(ask: Ask) -> Side:
    _at_once(SLOTS, ask, first=90)  # in each slot lies what all prompts begin with
    reading_s, _ = ask(_long_request())
    streams = {number: _median(number, ask) for number in STREAMS}
    return Side(streams=streams, reading_s=reading_s)


def _median(number: int, ask: Ask) -> list[Timing]:
    """Return the timings of the repeat that took neither longest nor shortest."""
    repeats = [_at_once(number, ask, first=10 * repeat) for repeat in range(REPEATS)]
    return sorted(repeats, key=lambda timings: max(end for _, end in timings))[REPEATS // 2]


def _request(number: int) -> Generate:
    question = ChatMessage(role="user", text=f"Write a very long story about fox number {number}.")
    # No seed: it would have the last token of the prompt read twice.
    sampling = SamplingParams(max_tokens=NUM_TOKENS, temperature=0.8, ignore_eos=True)
    return Generate(messages=(question,), sampling=sampling)


def _long_request() -> Generate:
    facts = (f"On day {day} the fox ate {day * 7 % 31} plums." for day in range(PROMPT_SENTENCES))
    question = ChatMessage(role="user", text=" ".join(facts))
    return Generate(messages=(question,), sampling=SamplingParams(max_tokens=1))


def _at_once(streams: int, ask: Ask, first: int = 0) -> list[Timing]:
    timings: list[Timing] = []
    threads = [
        threading.Thread(target=lambda number=number: timings.append(ask(_request(number))))
        for number in range(first, first + streams)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return timings


def _ask(client: Client, request: Generate) -> Timing:
    started = time.perf_counter()
    first = 0.0
    for event in client.stream(request):
        if isinstance(event, TextDelta) and not first:
            first = time.perf_counter() - started
    ended = time.perf_counter() - started
    return first or ended, ended
