"""Random switches between modalities and models, with memory for about two of them.

    python -m benchmarks.switches --num 1000 --budget-mib 1100

Real models, real and tiny requests, one after the other; the last quarter from three sides at once,
so that they get in each other's way. What is in use is added up from outside every 20 ms. Writes
results/switches.json.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import logging
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field

import psutil

from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages.errors import AppError
from workers.pool.memory.estimate import MemoryEstimate
from workers.pool.memory.machine import MIB

from .family import FamilySampler, private_mib, wait_until_gone
from .harness import RESULTS, Measurement, machine, quiet_pool
from .switch_report import Checkpoint, Load, Switch, rows
from .tiny_work import FIRST_OUTPUT, TinyWork, second_text_model

NUM_SWITCHES = 1000
BUDGET_MIB = 1100
"""All processes together: the largest model alone, or two of the others."""
NUM_LANES = 3
STUCK_S = 180.0
"""A request that has not ended by then never will."""
CHECK_EVERY = 100


@dataclass(slots=True, kw_only=True)
class Notes:
    """What happened, as it happens."""

    switches: list[Switch] = field(default_factory=list)
    loads: dict[int, Load] = field(default_factory=dict)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    num_stuck: int = 0
    num_retries: int = 0
    pids_left: set[int] = field(default_factory=set)
    """Of processes that the pool said had gone and that were there."""


class Switcher:
    """Sends the requests and writes down what became of them."""

    def __init__(self, client: Client, work: TinyWork, cards: Sequence[ModelCard]) -> None:
        self.notes = Notes()
        self._client = client
        self._work = work
        self._cards = cards
        self._random = random.Random(4)  # noqa: S311 — the same walk every time
        self._lock = threading.Lock()
        self._awake: dict[int, ModelCard] = {}

    def run(self, num_switches: int) -> None:
        """Switch; an interrupt ends it early, with what was measured until then."""
        num_alone = num_switches * 3 // 4
        with ThreadPoolExecutor(NUM_LANES) as lanes:
            try:
                for number in range(num_alone):
                    self._await([lanes.submit(self._switch, self._next_card(), is_alone=True)])
                    self._note_who_left()
                    self._tell(number + 1)
                for number in range(num_alone, num_switches, NUM_LANES):
                    cards = [self._next_card() for _ in range(NUM_LANES)]
                    self._await([lanes.submit(self._switch, c, is_alone=False) for c in cards])
                    self._tell(number + 1)
            except KeyboardInterrupt:
                print(f"stopped after {len(self.notes.switches)}", file=sys.stderr)
        self._check()

    def _next_card(self) -> ModelCard:
        """Never the one that was asked last, so each step is a switch."""
        card = self._random.choice(self._cards[1:])
        self._cards = [card, *(other for other in self._cards if other is not card)]
        return card

    def _switch(self, card: ModelCard, *, is_alone: bool) -> None:
        memory_estimate = self._client.plan(card).placement.memory_estimate
        started = time.perf_counter()
        first_s = 0.0
        try:
            for event in self._client.stream(self._work.request(card.modality, card.id)):
                if isinstance(event, FIRST_OUTPUT[card.modality]) and not first_s:
                    first_s = time.perf_counter() - started
        except AppError as err:
            print(f"{card.id}: {err.code}: {err}", file=sys.stderr)
            with self._lock:
                self.notes.failures[err.code] += 1
            return
        total_s = time.perf_counter() - started
        with self._lock:
            was_load = self._note_load(card, memory_estimate)
            self.notes.switches.append(
                Switch(
                    model=card.id,
                    first_s=round(first_s, 2),
                    total_s=round(total_s, 2),
                    was_load=was_load,
                    is_alone=is_alone,
                )
            )

    def _note_load(self, card: ModelCard, memory_estimate: MemoryEstimate) -> bool:
        """Write down a process that was not there before."""
        for worker in self._client.status().workers:
            is_new = worker.pid is not None and worker.pid not in self.notes.loads
            if is_new and worker.pid is not None and worker.model_id == card.id:
                self.notes.loads[worker.pid] = Load(
                    model=card.id,
                    predicted_mib=memory_estimate.total_mib,
                    granted_mib=worker.granted_mib,
                    is_measured=memory_estimate.is_measured,
                )
                self._awake[worker.pid] = card
                return True
        return False

    def _note_who_left(self) -> None:
        """Whoever the pool no longer counts must have gone."""
        awake = {worker.pid for worker in self._client.status().workers}
        for pid in [pid for pid in self._awake if pid not in awake]:
            del self._awake[pid]
            if psutil.pid_exists(pid):
                self.notes.pids_left.add(pid)

    def _await(self, futures: list[Future[None]]) -> None:
        """Wait for the requests; whoever is stuck is shown on stderr, and waited for no more."""
        done, stuck = wait(futures, timeout=STUCK_S)
        for future in done:
            future.result()
        if stuck:
            self.notes.num_stuck += len(stuck)
            print(f"STUCK: {self._client.status()}", file=sys.stderr)
            faulthandler.dump_traceback()
            for name in FIRST_OUTPUT:
                self._client.sleep(name)
            wait(stuck, timeout=STUCK_S)

    def _tell(self, number: int) -> None:
        if number % CHECK_EVERY == 0:
            self._check()
            print(f"{number} switches, {dict(self.notes.failures)}", file=sys.stderr)

    def _check(self) -> None:
        """Put all to sleep; what only they used must be free again."""
        workers = {worker.pid for worker in self._client.status().workers if worker.pid}
        private = sum(private_mib(pid) for pid in workers)
        before = psutil.virtual_memory().available
        for name in FIRST_OUTPUT:
            self._client.sleep(name)
        left = wait_until_gone(workers)
        time.sleep(0.5)
        back_mib = (psutil.virtual_memory().available - before) // MIB
        self.notes.pids_left |= left
        self.notes.checkpoints.append(Checkpoint(private_mib=private, back_mib=int(back_mib)))


class _Retries(logging.Handler):
    """Counts models that ran out of memory while they loaded and were tried again."""

    def __init__(self, notes: Notes) -> None:
        super().__init__(logging.WARNING)
        self._notes = notes

    def emit(self, record: logging.LogRecord) -> None:
        if "Once more" in record.getMessage():
            self._notes.num_retries += 1


def measure(num_switches: int = NUM_SWITCHES, budget_mib: int = BUDGET_MIB) -> list[Measurement]:
    """Switch, write results/switches.json, and return the rows of the table."""
    spare = second_text_model()
    with quiet_pool(*spare, memory={"budget": f"{budget_mib}MiB"}) as (_, client):
        work = TinyWork.made_by(client)
        cards = [*(client.card(name) for name in FIRST_OUTPUT), *spare]
        switcher = Switcher(client, work, cards)
        logging.getLogger("quintet.pool").addHandler(_Retries(switcher.notes))
        with FamilySampler() as sampler:
            switcher.run(num_switches)
    notes = switcher.notes
    for pid, load in notes.loads.items():
        load.peak_mib = sampler.peaks_mib.get(pid, 0)
    _write(notes, budget_mib, list(sampler.totals_mib))
    return [
        *_safety(notes),
        *rows(notes.switches, list(notes.loads.values()), notes.checkpoints),
        *_budget(list(sampler.totals_mib), budget_mib),
    ]


def _safety(notes: Notes) -> list[Measurement]:
    num = len(notes.switches)
    others = {code: count for code, count in notes.failures.items() if code != "out_of_memory"}
    return [
        Measurement(
            what="switches: out of memory",
            value=notes.failures["out_of_memory"],
            unit="",
            bar="0",
            runs=num,
            note=f"tried again: {notes.num_retries}; other failures: {others or 'none'}",
        ),
        Measurement(what="switches: stuck", value=notes.num_stuck, unit="", bar="0", runs=num),
        Measurement(
            what="switches: processes left behind",
            value=len(notes.pids_left),
            unit="",
            bar="0",
            runs=len(notes.loads),
        ),
    ]


def _budget(totals_mib: list[int], budget_mib: int) -> list[Measurement]:
    over = [total - budget_mib for total in totals_mib if total > budget_mib]
    return [
        Measurement(
            what="switches: samples above the budget",
            value=len(over),
            unit="",
            bar="0",
            runs=len(totals_mib),
            note=f"budget {budget_mib:,} MiB, highest {max(totals_mib):,}, "
            f"worst {max(over, default=0)} MiB over",
        )
    ]


def _write(notes: Notes, budget_mib: int, totals_mib: list[int]) -> None:
    RESULTS.mkdir(exist_ok=True)
    content = {
        "machine": machine(),
        "budget_mib": budget_mib,
        "num_looks": len(totals_mib),
        "most_held_mib": max(totals_mib),
        "looks_over_budget": sum(total > budget_mib for total in totals_mib),
        "failures": dict(notes.failures),
        "num_stuck": notes.num_stuck,
        "num_retries": notes.num_retries,
        "pids_left": sorted(notes.pids_left),
        "checkpoints": [asdict(check) for check in notes.checkpoints],
        "loads": [asdict(load) for load in notes.loads.values()],
        "switches": [asdict(switch) for switch in notes.switches],
    }
    (RESULTS / "switches.json").write_text(json.dumps(content) + "\n")


def main(arguments: list[str]) -> int:
    """Print the table; returns the exit status."""
    parser = argparse.ArgumentParser(prog="benchmarks.switches", description=__doc__)
    parser.add_argument("--num", type=int, default=NUM_SWITCHES)
    parser.add_argument("--budget-mib", type=int, default=BUDGET_MIB)
    flags = parser.parse_args(arguments)
    for row in measure(flags.num, flags.budget_mib):
        print(f"| {row.what} | {row.value:.3g} {row.unit} | {row.bar} | {row.runs} | {row.note} |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
