"""The swap table: seconds from one modality to another, and what they hold together.

    python -m benchmarks.swaps                      five packaged models on the CPU
    python -m benchmarks.swaps --device cuda        profile gpu8, the card capped to 8 GiB

On the CPU the budget of each swap leaves room for one of the two, so the first has to go. On a card
the budget is 8 GiB whatever the card has, and the scheduler decides who has to. Models that the profile
names and that are here are used: `quintet models pull ID` brings one. Writes results/swaps-<device>.json
and .md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import psutil

from configs.catalogue import load_catalogue
from configs.settings import load_settings
from workers.assembly import build_pool
from workers.client import Client
from workers.messages import MODALITIES, Media, Modality, Transcribe
from workers.pool.memory.machine import MIB, read_memory
from workers.pool.memory.tracker import Budget

from .family import FamilySampler, GpuSampler
from .harness import RESULTS, Measurement, machine, percentile_95
from .material import long_text, spoken
from .memory_work import WORK
from .swap_tables import tables
from .tiny_work import FIRST_OUTPUT, TinyWork
from .voice_turn import VOICE, turn_s

RUNS = 3
NUM_TURNS = 7
CARD_MIB = 8192
SLACK_MIB = 40
"""What the page's own process may grow while two swap; less than any worker takes."""
CONTEXT_TOKENS = 4096
SETTLE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """From a request to its first output; `before` was awake and idle ("": nobody was)."""

    before: str
    after: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What all processes used at the most, the page's among them, while each of these worked."""

    modalities: tuple[Modality, ...]
    ram_mib: int
    vram_mib: int


class Bench:
    """One pool, and who is awake in it."""

    def __init__(self, client: Client, ram: FamilySampler, vram: GpuSampler, device: str) -> None:
        self._client = client
        self._ram = ram
        self._vram = vram
        self._is_cpu = device == "cpu"
        self._speech = Media(name="speech.wav", data=spoken(client, long_text(18)))
        self._work = TinyWork.made_by(client)
        self._ample()

    def swaps(self) -> list[Swap]:
        """Go from each modality to each other, `RUNS` times; then wake each alone, and ask it again."""
        found = []
        for _ in range(RUNS):
            self._all_asleep()
            before: Modality = MODALITIES[0]
            self._first_output_s(before)
            for after in _walk():
                if self._is_cpu:
                    self._budget_for_one(before, after)
                found.append(Swap(before=before, after=after, seconds=self._first_output_s(after)))
                before = after
            self._ample()
            for name in MODALITIES:
                self._all_asleep()
                found.append(Swap(before="", after=name, seconds=self._first_output_s(name)))
                found.append(Swap(before=name, after=name, seconds=self._first_output_s(name)))
        return found

    def together(self) -> list[Together]:
        """Let two, the voice's three, and all five work at once."""
        sets = [*combinations(MODALITIES, 2), VOICE, MODALITIES]
        return [self._together(tuple(names)) for names in sets]

    def voice_turns(self) -> list[float]:
        """Return seconds from the end of speech to the first audio, all three awake."""
        self._all_asleep()
        question = spoken(self._client, "What is the capital of France?")
        turn_s(self._client, question)
        return [turn_s(self._client, question) for _ in range(NUM_TURNS)]

    def devices(self) -> dict[str, str]:
        """Return where each model's weights go."""
        found: dict[str, str] = {}
        for name in MODALITIES:
            plan = self._client.plan(self._client.card(name))
            found[name] = f"{plan.name} ({plan.placement.device})"
        return found

    def _together(self, names: tuple[Modality, ...]) -> Together:
        self._all_asleep()
        self._vram.reset()
        start = len(self._ram.totals_mib)
        threads = [threading.Thread(target=self._work_hard, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        peak = max(self._ram.totals_mib[start:])
        return Together(modalities=names, ram_mib=peak, vram_mib=self._vram.peak_mib)

    def _work_hard(self, modality: Modality) -> None:
        """Do what is large for its kind; no other worker is woken for it."""
        if modality == "stt":
            self._client.run(Transcribe(audio=self._speech, word_timestamps=True))
        else:
            WORK[modality](self._client, CONTEXT_TOKENS, 1)

    def _first_output_s(self, modality: Modality) -> float:
        """Return the seconds, once the request has ended."""
        started = time.perf_counter()
        times = [
            time.perf_counter() - started
            for event in self._client.stream(self._work.request(modality))
            if isinstance(event, FIRST_OUTPUT[modality])
        ]
        return times[0]

    def _budget_for_one(self, before: Modality, after: Modality) -> None:
        held = next(w.granted_mib for w in self._client.status().workers if w.modality == before)
        need = self._client.plan(self._client.card(after)).need_mib
        main = psutil.Process().memory_info().rss // MIB
        self._client.allow(Budget(ram_mib=main + max(held, need) + SLACK_MIB, leave_room_mib=0))

    def _ample(self) -> None:
        self._client.allow(Budget(vram_mib=CARD_MIB))

    def _all_asleep(self) -> None:
        for name in MODALITIES:
            self._client.sleep(name)
        give_up = time.monotonic() + SETTLE_S
        while any(w.pid for w in self._client.status().workers) and time.monotonic() < give_up:
            time.sleep(0.02)


def _walk() -> Iterator[Modality]:
    """Yield twenty modalities: begun at the first, each goes to each other once.

    Steps of 1, of 2, of 3 and of 4 around a circle; five being prime, each comes round to where it
    began.
    """
    for step in range(1, len(MODALITIES)):
        for number in range(1, len(MODALITIES) + 1):
            yield MODALITIES[number * step % len(MODALITIES)]


@contextmanager
def _bench(device: str) -> Iterator[Bench]:
    """On a CPU with a data folder of its own; on a card with the user's, where the models are."""
    with tempfile.TemporaryDirectory() as folder:
        flags: dict[str, Any] = {"log_level": "ERROR", "pool": {"warm": [], "idle_ttl_s": 0}}
        if device == "cpu":
            flags["data_dir"] = folder
        settings = load_settings("cpu" if device == "cpu" else "gpu8", flags)
        pool, client = build_pool(settings, load_catalogue())
        pool.start()
        try:
            with FamilySampler() as ram, GpuSampler() as vram:
                yield Bench(client, ram, vram, device)
        finally:
            pool.close()


def measure(device: str = "cpu") -> list[Measurement]:
    """Write the tables; return the longest swap, and the voice turn."""
    with _bench(device) as bench:
        swaps, turns = bench.swaps(), bench.voice_turns()
        together, devices = bench.together(), bench.devices()
    _write(device, devices, swaps, together, turns)
    between = [swap.seconds for swap in swaps if swap.before not in ("", swap.after)]
    voice = next(entry for entry in together if entry.modalities == VOICE)
    return [
        Measurement(
            what=f"swap to another modality, request → first output, {device} (median of all)",
            value=statistics.median(between),
            unit="s",
            runs=len(between),
            note=f"p95 {percentile_95(between):.2f} s",
        ),
        Measurement(
            what=f"voice turn, end of speech → first audio, {device} (median)",
            value=statistics.median(turns),
            unit="s",
            bar="≤ 0.8",
            runs=len(turns),
            note=f"longest {max(turns):.2f} s",
        ),
        Measurement(
            what=f"recognition, chat and voice at work together, {device}",
            value=voice.ram_mib + voice.vram_mib,
            unit="MiB",
            bar="≤ 8192",
        ),
    ]


def _write(
    device: str,
    devices: dict[str, str],
    swaps: list[Swap],
    together: list[Together],
    turns: list[float],
) -> None:
    RESULTS.mkdir(exist_ok=True)
    content = {
        "machine": {**machine(), "memory": [asdict(memory) for memory in read_memory()]},
        "models": devices,
        "swaps": [asdict(swap) for swap in swaps],
        "together": [asdict(entry) for entry in together],
        "voice_turns_s": turns,
    }
    path = RESULTS / f"swaps-{device}"
    path.with_suffix(".json").write_text(json.dumps(content, indent=1) + "\n")
    Path(path.with_suffix(".md")).write_text(
        tables(
            [(swap.before, swap.after, swap.seconds) for swap in swaps],
            [(entry.modalities, entry.ram_mib, entry.vram_mib) for entry in together],
        )
    )


def main(arguments: list[str]) -> int:
    """Print the tables; returns the exit status."""
    parser = argparse.ArgumentParser(prog="benchmarks.swaps", description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    flags = parser.parse_args(arguments)
    if flags.device == "cuda" and len(read_memory()) < 2:
        print("swaps: no graphics card was found (no driver, or no pynvml)", file=sys.stderr)
        return 2
    for row in measure(flags.device):
        print(f"| {row.what} | {row.value:.3g} {row.unit} | {row.bar} | {row.runs} | {row.note} |")
    print((RESULTS / f"swaps-{flags.device}.md").read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
