"""What two kinds of work leave each other of their speed alone, each side of each pair.

Chat, with one stream and with three, beside indexing, recognition and speech. Alone, together, and
together without cores of their own are measured in turn, several times over: a shared machine's speed
drifts by more than what is looked for.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from workers.client import Client
from workers.pool.cores import Cores
from workers.pool.pool import Pool
from workers.pool.threads import usable_cores

from .busy_work import Busy, Work, kinds, rates
from .harness import Measurement, quiet_pool

RUNS = 5
WINDOW_S = 5.0
NUM_STREAMS = (1, 3)
OTHERS = ("indexing", "transcription", "speech")
BAR = "≥ 0.45"


@dataclass(slots=True, kw_only=True)
class Pair:
    """Chat and another kind of work; shares of their speeds alone, one for each run."""

    other: str
    num_streams: int
    alone: list[tuple[float, float]] = field(default_factory=list)
    """Chat's letters/s, the other's speed."""
    shared: list[tuple[float, float]] = field(default_factory=list)
    """Together, with cores of their own."""
    unshared: list[tuple[float, float]] = field(default_factory=list)
    """Together, left to the system's scheduler."""


def measure() -> list[Measurement]:
    """Return, for each pair, the share that chat keeps and the share that the other keeps."""
    with quiet_pool() as (pool, client):
        works = kinds(client)
        pairs = [Pair(other=other, num_streams=n) for n in NUM_STREAMS for other in OTHERS]
        for name in works:
            _rates_of(client, works[name])  # wakes it
        for run in range(RUNS):
            for pair in pairs:
                _run_once(pool, client, works, pair, sharing_first=run % 2 == 0)
    return [row for pair in pairs for row in _rows(pair)]


def _run_once(
    pool: Pool, client: Client, works: dict[str, Work], pair: Pair, *, sharing_first: bool
) -> None:
    chat, other = works["chat"], works[pair.other]
    alone = _rates_of(client, chat, num_streams=pair.num_streams) + _rates_of(client, other)
    pair.alone.append((alone[0], alone[1]))
    for is_shared in (sharing_first, not sharing_first):
        with ExitStack() as stack:
            if not is_shared:
                stack.enter_context(_unshared(pool))
            found = _rates_of(client, chat, other, num_streams=pair.num_streams)
        shares = (found[0] / alone[0], found[1] / alone[1])
        (pair.shared if is_shared else pair.unshared).append(shares)


def _rates_of(client: Client, first: Work, *others: Work, num_streams: int = 1) -> list[float]:
    busy = [Busy(client, first, num_streams), *(Busy(client, other) for other in others)]
    with ExitStack() as stack:
        for one in busy:
            stack.enter_context(one.running())
        return rates(busy, WINDOW_S)


@contextmanager
def _unshared(pool: Pool) -> Iterator[None]:
    """Let every worker use all cores while the block lasts."""
    cores, pool._publisher._cores = pool._publisher._cores, _FreeForAll()
    try:
        cores.share({}, [worker.pid for worker in pool.status().workers if worker.pid])
        cores.bind()
        yield
    finally:
        pool._publisher._cores = cores


class _FreeForAll(Cores):
    def share(self, busy: object, idle: object) -> None:
        """Bind nobody."""


def _rows(pair: Pair) -> list[Measurement]:
    streams = f"{pair.num_streams} stream{'s' if pair.num_streams > 1 else ''}"
    return [
        _row(pair, 0, f"chat ({streams}) beside {pair.other} ÷ alone"),
        _row(pair, 1, f"{pair.other} beside chat ({streams}) ÷ alone"),
    ]


def _row(pair: Pair, side: int, what: str) -> Measurement:
    shared = [shares[side] for shares in pair.shared]
    unshared = [shares[side] for shares in pair.unshared]
    alone = statistics.median(speeds[side] for speeds in pair.alone)
    speed = f"alone {alone:.0f} letters/s; " if side == 0 else ""
    return Measurement(
        what=what,
        value=statistics.median(shared),
        unit="ratio",
        bar=BAR,
        runs=len(shared),
        note=f"{speed}worst {min(shared):.2f}; without sharing the {usable_cores()} cores out "
        f"{statistics.median(unshared):.2f}, worst {min(unshared):.2f}; load {os.getloadavg()[0]:.1f}",
    )
