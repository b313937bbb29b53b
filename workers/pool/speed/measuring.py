"""`python -m workers.pool.speed.measuring`: what this machine's CPU can do, as one line of JSON.

A process of its own, for about two seconds: the page's own must not compute, and how many threads a
BLAS starts is fixed when numpy loads. Each core reads an array of its own, then multiplies matrices of
its own; the best of many short tries counts, which is the machine's own: in the others somebody else was
at work.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

ONE_THREAD = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Names by which a BLAS is told to leave the threads to us."""
MIB = 1 << 20
LEAST_BYTES, MOST_BYTES = 128 * MIB, 1024 * MIB
TIMES_CACHE = 4
"""How much larger than the last cache what is read must be, so that little of it lies there."""
COLUMNS = 2048
"""Of the matrices that are read, about as many as layers of a model have."""
SIDE = 768
"""Of the matrices that are multiplied: they stay in a core's cache, and take 10 ms."""
WORK_S = 0.8
"""For each of the two figures."""


def main(arguments: list[str]) -> int:
    """Print the figures; the one argument is the number of threads. Returns the exit status."""
    threads = int(arguments[0])
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    with ThreadPoolExecutor(threads) as pool:
        print(json.dumps({"read_bytes_s": _read(pool, threads), "flops": _flops(pool, threads)}))  # noqa: T201 — the answer
    return 0


def _read(pool: ThreadPoolExecutor, threads: int) -> float:
    """Return bytes per second: each core multiplies a matrix that lies in RAM with a vector."""
    import numpy as np

    rows = read_bytes() // (4 * COLUMNS * threads)
    matrices = [np.ones((rows, COLUMNS), dtype=np.float32) for _ in range(threads)]
    vector = np.ones(COLUMNS, dtype=np.float32)

    def read(matrix: np.ndarray[Any, Any]) -> None:
        matrix @ vector

    return 4 * COLUMNS * rows * threads / _best_s(lambda: list(pool.map(read, matrices)))


def _flops(pool: ThreadPoolExecutor, threads: int) -> float:
    """Return multiplications and additions per second."""
    import numpy as np

    matrices = [np.full((SIDE, SIDE), 0.5, dtype=np.float32) for _ in range(threads)]
    products = [np.empty_like(matrix) for matrix in matrices]

    def multiply(place: int) -> None:
        np.matmul(matrices[place], matrices[place], out=products[place])

    return 2 * SIDE**3 * threads / _best_s(lambda: list(pool.map(multiply, range(threads))))


def _best_s(work: Callable[[], object]) -> float:
    """Return the shortest time of all within `WORK_S`; the first try, which only warms, does not count."""
    work()
    best, end = float("inf"), time.perf_counter() + WORK_S
    while (started := time.perf_counter()) < end or best == float("inf"):
        work()
        best = min(best, time.perf_counter() - started)
    return best


def read_bytes() -> int:
    """Return how much is read in one go."""
    return max(LEAST_BYTES, min(MOST_BYTES, TIMES_CACHE * last_cache_bytes()))


def last_cache_bytes(cpu: Path = Path("/sys/devices/system/cpu/cpu0/cache")) -> int:
    """Return the size of a core's largest cache; 0 where Linux does not say it."""
    sizes = [0]
    for path in cpu.glob("index*/size"):
        text = path.read_text(encoding="ascii").strip()
        unit = {"K": 1 << 10, "M": 1 << 20}.get(text[-1:], 1)
        digits = text.rstrip("KM")
        sizes.append(int(digits) * unit if digits.isdigit() else 0)
    return max(sizes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
