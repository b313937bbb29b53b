"""`python -m benchmarks [name…]`: measure, write results/latest.json and print the table."""

from __future__ import annotations

import sys

from . import cancel, contention, memory, retrieval, speech, startup, text
from .harness import machine, write

SCRIPTS = {
    "text": text.measure,
    "speech": speech.measure,
    "retrieval": retrieval.measure,
    "cancel": cancel.measure,
    "contention": contention.measure,
    "startup": startup.measure,
    "memory": memory.measure,
}


def main(names: list[str]) -> int:
    """Run the named scripts, or all; returns the exit status."""
    unknown = [name for name in names if name not in SCRIPTS]
    if unknown:
        print(f"unknown benchmark {unknown[0]!r}; known: {', '.join(SCRIPTS)}", file=sys.stderr)
        return 2
    measurements = []
    for name in names or SCRIPTS:
        print(f"measuring {name} …", file=sys.stderr)
        measurements += SCRIPTS[name]()
    print(write(measurements, machine()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
