"""What every benchmark shares: measurements as data, the machine they were made on, one table.

A claim is a ratio of two things measured in turn in one run, because a shared machine's speed
drifts; the median is quoted. Nothing here asserts: a benchmark reports.
"""

from __future__ import annotations

import importlib.metadata
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import load_settings
from workers.assembly import build_pool
from workers.client import Client
from workers.models.tuning.book import processor
from workers.pool.pool import Pool
from workers.pool.threads import usable_cores

RESULTS = Path(__file__).parent / "results"
LIBRARIES = (
    "gradio", "xllamacpp", "faster-whisper", "ctranslate2", "piper-tts", "rapidocr", "onnxruntime",
    "chromadb",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One row of the table."""

    what: str
    value: float
    unit: str
    """"ratio", "tokens/s", "ms", "s", "MiB"…"""
    bar: str = ""
    """What we want it to be: "≥ 0.95"."""
    runs: int = 1
    note: str = ""


@contextmanager
def quiet_pool(*cards: ModelCard, **overrides: Any) -> Iterator[tuple[Pool, Client]]:
    """A started pool with an empty data folder and nothing warmed; it also knows these cards."""
    with tempfile.TemporaryDirectory() as folder:
        flags = {"data_dir": folder, "log_level": "ERROR", "pool": {"warm": []}, **overrides}
        catalogue = {**load_catalogue(), **{card.id: card for card in cards}}
        pool, client = build_pool(load_settings("cpu", flags), catalogue)
        pool.start()
        try:
            yield pool, client
        finally:
            pool.close()


def in_own_process(work: Callable[..., Any], *arguments: Any) -> Any:
    """Return `work(*arguments)` from a fresh process, so that a bare library meets no other."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as one:
        return one.apply(work, arguments)


def median_of(work: Callable[[], float], runs: int) -> float:
    """Return the median of `runs` calls."""
    return statistics.median(work() for _ in range(runs))


def percentile_95(values: list[float]) -> float:
    """Return the value that 95 % of the measurements stay below or at."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]


@contextmanager
def stopwatch() -> Iterator[Callable[[], float]]:
    """Yield a function that returns the seconds since the block began."""
    started = time.perf_counter()
    yield lambda: time.perf_counter() - started


def machine() -> dict[str, Any]:
    """Return commit, processor, cores and library versions."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "commit": commit,
        "date": time.strftime("%Y-%m-%d"),
        "processor": processor(),
        "cores": usable_cores(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def write(measurements: list[Measurement], about: dict[str, Any]) -> str:
    """Write results/latest.json and results/latest.md; return the table of all rows there.

    Rows of another processor go: ratios are of one machine.
    """
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "latest.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    kept: dict[str, Any] = {}
    if before.get("machine", {}).get("processor") == about["processor"]:
        kept = {row["what"]: row for row in before["measurements"]}
    when = {"commit": about["commit"], "date": about["date"]}
    new = {measurement.what: asdict(measurement) | when for measurement in measurements}
    rows = list((kept | new).values())
    path.write_text(
        json.dumps({"machine": about, "measurements": rows}, indent=1, ensure_ascii=False) + "\n"
    )
    text = _table_of(rows, about)
    (RESULTS / "latest.md").write_text(text)
    return text


def table(measurements: list[Measurement], about: dict[str, Any]) -> str:
    """Return the measurements as Markdown."""
    return _table_of([asdict(measurement) for measurement in measurements], about)


def _table_of(rows: list[dict[str, Any]], about: dict[str, Any]) -> str:
    lines = [
        "| what | value | bar | runs | commit | note |",
        "| --- | ---: | --- | ---: | --- | --- |",
    ]
    for row in rows:
        value = f"{row['value']:.3g} {row['unit']}"
        commit = row.get("commit", about["commit"])
        lines.append(
            f"| {row['what']} | {value} | {row['bar']} | {row['runs']} | {commit} | {row['note']} |"
        )
    where = f"{about['processor']}, {about['cores']} cores, {about['date']}"
    return "\n".join([f"Measured on {where}.", "", *lines]) + "\n"
