"""`python -m benchmarks [name…]`: measure and print the table.

Without names: all but the long ones. Each row says when and at which commit it was measured last:
results/latest.json and .md keep those that were not measured this time.
"""

from __future__ import annotations

import sys

from . import (
    cancel,
    contention,
    embedding,
    idle,
    llama_server,
    long_chats,
    memory,
    pool,
    prediction,
    retrieval,
    speech,
    startup,
    swaps,
    switches,
    text,
    voice_turn,
)
from .finding import measure as finding
from .harness import Measurement, machine, table, write

SCRIPTS = {
    "text": text.measure,
    "llama-server": llama_server.measure,
    "speech": speech.measure,
    "voice": voice_turn.measure,
    "embedding": embedding.measure,
    "retrieval": retrieval.measure,
    "finding": finding.measure,
    "cancel": cancel.measure,
    "contention": contention.measure,
    "startup": startup.measure,
    "idle": idle.measure,
    "long-chats": long_chats.measure,
    "memory": memory.measure,
    "pool": pool.measure,
    "prediction": prediction.measure,
    "swaps": swaps.measure,
    "switches": switches.measure,
}
LONG = ("swaps", "switches")
"""Ten minutes and half an hour on two cores: measured when they are named."""


def main(names: list[str]) -> int:
    """Run the named scripts, or all; returns the exit status."""
    unknown = [name for name in names if name not in SCRIPTS]
    if unknown:
        print(f"unknown benchmark {unknown[0]!r}; known: {', '.join(SCRIPTS)}", file=sys.stderr)
        return 2
    measurements: list[Measurement] = []
    for name in names or [name for name in SCRIPTS if name not in LONG]:
        print(f"measuring {name} …", file=sys.stderr)
        measurements += SCRIPTS[name]()
        write(measurements, machine())  # what was measured stays, should a later one fail
    print(table(measurements, machine()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
