"""`python -m benchmarks.gate [COMMIT]`: has this commit made anything slower than the one before it?

Both commits are measured in turn in one run, each from a checkout of its own with the same libraries, so
that a machine that slows down meanwhile slows both. What is compared are ratios against bare libraries.
A row that is worse by more than `TOLERANCE` in the medians and in at least `MOST` of the rounds fails.
Ends with 0, or with 1 and the rows that failed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPTS = ("text", "speech", "embedding")
"""What people feel and what is measured within minutes."""
ROUNDS = 3
RUNS = 2
"""Of each script in each round."""
TOLERANCE = 0.08
"""Relative. Medians of three rounds of the same commit differed by up to 0.06 on two shared cores."""
MOST = 2 / 3

Rows = Mapping[str, float]
"""Ratios by what they are of, all of them turned so that more is better."""

CHILD = """
import dataclasses, importlib, json, sys
if __name__ == "__main__":
    rows = []
    for name in sys.argv[2:]:
        script = importlib.import_module("benchmarks." + name)
        script.RUNS = int(sys.argv[1])
        rows += [dataclasses.asdict(row) for row in script.measure()]
    print(json.dumps(rows))
"""


def slower(
    before: Sequence[Rows], after: Sequence[Rows], tolerance: float = TOLERANCE
) -> list[str]:
    """Return a sentence for each row that has become worse; a row that only one side has does not count.

    `before`, `after`: one entry for each round, in the order in which they were measured.
    """
    sentences = []
    for what in [name for name in before[0] if all(name in rows for rows in (*before, *after))]:
        pairs = [(old[what], new[what]) for old, new in zip(before, after, strict=True)]
        old, new = (statistics.median(side) for side in zip(*pairs, strict=True))
        num_worse = sum(n < o * (1 - tolerance) for o, n in pairs)
        if new < old * (1 - tolerance) and num_worse >= MOST * len(pairs):
            sentences.append(f"{what}: {old:.3g} before, {new:.3g} now ({new / old - 1:+.0%})")
    return sentences


def more_is_better(rows: Sequence[Mapping[str, object]]) -> dict[str, float]:
    """Return the ratios by name; those whose bar is "≤" are turned over."""
    ratios = {}
    for row in rows:
        value = float(str(row["value"]))
        if row["unit"] == "ratio" and value > 0:
            ratios[str(row["what"])] = 1 / value if str(row["bar"]).startswith("≤") else value
    return ratios


def measure(tree: Path, scripts: Sequence[str]) -> dict[str, float]:
    """Return the ratios of one checkout, measured by its own benchmarks."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "measure_one.py"
        script.write_text(CHILD)
        done = subprocess.run(
            [sys.executable, str(script), str(RUNS), *scripts],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return more_is_better(json.loads(done.stdout.splitlines()[-1]))


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Yield a folder with the files of a commit."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        _git("worktree", "add", "--detach", str(tree), commit)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True)  # noqa: S607


def main(words: Sequence[str] | None = None) -> int:
    """Measure and compare; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=__doc__)
    parser.add_argument("before", nargs="?", default="HEAD~1", help="the commit to compare with")
    parser.add_argument("--after", default="HEAD", help="the commit that is judged")
    parser.add_argument("--scripts", nargs="+", default=list(SCRIPTS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args(words)
    before: list[Rows] = []
    after: list[Rows] = []
    with checkout(given.before) as old, checkout(given.after) as new:
        for number in range(given.rounds):
            print(f"round {number + 1} of {given.rounds} …", file=sys.stderr)
            sides = [(old, before), (new, after)]
            for tree, rows in sides if number % 2 == 0 else sides[::-1]:
                rows.append(measure(tree, given.scripts))
    print(_table(before, after))
    sentences = slower(before, after)
    print("\n".join(sentences) or "nothing has become slower")
    return 1 if sentences else 0


def _table(before: Sequence[Rows], after: Sequence[Rows]) -> str:
    lines = [
        f"load {os.getloadavg()[0]:.1f}; more is better",
        "| what | before | now |",
        "| --- | ---: | ---: |",
    ]
    for what in after[0]:
        sides = [[rows[what] for rows in side if what in rows] for side in (before, after)]
        cells = [f"{statistics.median(side):.3g}" if side else "–" for side in sides]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
