"""How llama.cpp runs a model that writes: threads, batch, KV cache, and how long its threads spin.

The engine and the memory estimate read the same values here. An entry of the card's `options` counts
first (a person's, or one that was measured: see `book`); what is not there is estimated from the size
of the model and the cores. Why these values: docs/adr/0025-settings-that-fit-the-machine.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil

from configs.catalogue import ModelCard

KV_TYPES = ("f16", "q8_0")
"""What the keys and values of the KV cache are kept in. q8_0 takes 34/64 of the memory of f16."""
KV_BYTES = {"f16": 2.0, "q8_0": 34 / 32}
"""Per value; q8_0: 32 values and a 16-bit scale."""

BATCH_STEP, LEAST_BATCH, MOST_BATCH = 32, 16, 512
"""Tokens. Below 16 reading slows down by more than Stop gains; 512 is llama.cpp's own. 32 and 48 are
read equally fast, and 64 by a quarter faster."""
PICTURE_BATCH = 512
"""The least where the tokens of a picture see each other (Gemma's 256): it must be read in one batch."""
STOP_S = 0.29
"""What one batch may take: Stop is heard between two of them, and may last 0.3 s."""
FLOPS_PER_CORE = 40e9
"""Multiply-adds counted twice, of a 4-bit model on a core with AVX2: measured 25 to 55 billion."""

CALM_SPIN = 300
"""Steps of libgomp's spin, 14 µs: what it costs to sleep and be woken."""
EAGER_SPIN = 10_000
"""0.2 to 0.5 ms: longer than nearly every wait within a token. Only where it ends as soon as the
threads wait for cores (`workers.engines.common.llamacpp.spinning`)."""
_WAITING = Path("/proc/self/schedstat")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """One choice. Its fields are names of a card's options."""

    decode_threads: int
    """For one stream; several streams and prompts use `batch_threads`."""
    batch_threads: int
    batch_tokens: int
    """Tokens of a prompt that are read at once: `n_batch` and `n_ubatch`."""
    kv_type: str
    """One of `KV_TYPES`."""
    spin: int
    """`GOMP_SPINCOUNT` of the process."""

    def as_options(self) -> dict[str, Any]:
        """Return it as entries of a card's options."""
        return asdict(self)

    def __str__(self) -> str:
        threads = f"{self.decode_threads} threads"
        if self.batch_threads != self.decode_threads:
            threads = f"{self.decode_threads} threads ({self.batch_threads} for prompts)"
        return f"{threads}, batch {self.batch_tokens}, KV {self.kv_type}, spin {self.spin:,}"


def run_settings(card: ModelCard, threads: int, device: str) -> RunSettings:
    """Return how a card's model is run with so many threads ("cpu", "cuda:0", "mtl0")."""
    options = card.options
    compute = min(threads, physical_cores() or threads)
    on_gpu = device != "cpu"
    batch_threads = _whole(options, "batch_threads") or compute
    batch = MOST_BATCH if on_gpu else guessed_batch(card, batch_threads)
    return RunSettings(
        decode_threads=_whole(options, "decode_threads") or compute,
        batch_threads=batch_threads,
        batch_tokens=_whole(options, "batch_tokens") or batch,
        kv_type=str(options.get("kv_type") or ("q8_0" if on_gpu else "f16")),
        spin=int(options.get("spin", default_spin(card))),
    )


def batch_for(tokens_per_s: float) -> int:
    """Return the largest batch that is read within `STOP_S` at that speed, within the bounds."""
    fitting = int(tokens_per_s * STOP_S) // BATCH_STEP * BATCH_STEP
    return max(LEAST_BATCH, min(MOST_BATCH, fitting))


def guessed_batch(card: ModelCard, threads: int) -> int:
    """Return a batch for a model that was never measured here, from its size alone."""
    parameters = 1e6 * (card.parameters_m or 2.0 * card.memory_mib)  # about 4 bits each
    return batch_for(threads * FLOPS_PER_CORE / (2 * max(1e6, parameters)))


def default_spin(card: ModelCard) -> int:
    """Return the long spin where it can be cut: in our own process, on a system that counts waiting."""
    return EAGER_SPIN if card.engine == "llamacpp" and _WAITING.exists() else CALM_SPIN


@lru_cache
def physical_cores() -> int:
    """Return how many cores this machine has, hyper-threads not counted; 0 where it is not told."""
    return psutil.cpu_count(logical=False) or 0


def _whole(options: Mapping[str, Any], name: str) -> int:
    return int(options.get(name) or 0)
