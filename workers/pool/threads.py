"""How many threads a worker's libraries use, and how they wait: set before they load.

Engines on few cores ruin each other by spinning: a thread burns its time slice waiting for one that
is not running. One step of a libgomp spin is a `pause` instruction, 140 cycles on current processors,
so 10,000 of them are half a millisecond, a thousand times per token: three chats on two cores fell
from 90 to 10 tokens/s beside indexing. 300 steps are 14 µs, about what it costs to sleep and be woken:
40 tokens/s (docs/architecture.md, "Cores").
"""

from __future__ import annotations

import os

from workers.models.tuning.run_settings import CALM_SPIN


def usable_cores() -> int:
    """Return how many cores this process may run on (respects affinity, as in containers)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def wait_policy(threads: int, spin: int = CALM_SPIN) -> dict[str, str]:
    """Return the environment that bounds and calms every threading runtime our engines use.

    `spin`: steps of libgomp's; one that is long must be cut when others compute
    (`workers.engines.common.llamacpp.spinning`).
    """
    return {
        "OMP_NUM_THREADS": str(threads),
        "GOMP_SPINCOUNT": str(spin),  # libgomp (llama.cpp): 300 is 14 µs, then sleep
        "OMP_WAIT_POLICY": "passive",  # and no spin at all with more threads than cores
        "KMP_BLOCKTIME": "0",  # Intel's OpenMP (CTranslate2): sleep at once
        "OPENBLAS_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "RAYON_NUM_THREADS": str(threads),  # tokenizers, Chroma
        "TOKENIZERS_PARALLELISM": "false",
        "ANONYMIZED_TELEMETRY": "False",  # Chroma
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # as `memory.machine` numbers the cards
        "HF_HUB_OFFLINE": "1",  # a worker never downloads behind the user's back
    }
