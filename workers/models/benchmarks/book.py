"""The benchmarks of a data folder: `benchmarks.jsonl`, one result a line, only ever added to.

A line that cannot be read loses itself and no other.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from .result import BenchmarkResult

log = logging.getLogger("quintet.benchmarks")

FILE = "benchmarks.jsonl"
MOST = 2000
"""Results that are read: the newest."""
LOCK_TIMEOUT_S = 2.0

_RESULT = TypeAdapter(BenchmarkResult)


class BenchmarkBook:
    """One book, shared by every Quintet of a data folder. Safe to use from any thread."""

    def __init__(self, data_dir: Path) -> None:
        """Nothing is read or written yet; the folder need not exist."""
        self._path = data_dir / FILE
        self._seen: tuple[tuple[int, int], tuple[BenchmarkResult, ...]] = ((-1, -1), ())

    def note(self, result: BenchmarkResult) -> None:
        """Add a result. Raises: OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(asdict(result), ensure_ascii=False).encode() + b"\n"
        try:
            with (
                FileLock(self._path.with_suffix(".lock"), timeout=LOCK_TIMEOUT_S),
                self._path.open("ab+") as file,
            ):
                if file.tell() and not self._ends_its_line(file.tell()):
                    line = b"\n" + line  # a write that was cut off must not take this one along
                file.write(line)
        except Timeout as err:
            raise OSError(f"{self._path} is locked by another program") from err

    def all(self) -> tuple[BenchmarkResult, ...]:
        """Return the results, the oldest first."""
        try:
            stat = self._path.stat()
        except OSError:
            return ()
        key = (stat.st_mtime_ns, stat.st_size)
        if self._seen[0] != key:
            self._seen = (key, self._read())
        return self._seen[1]

    def of(self, model_id: str) -> tuple[BenchmarkResult, ...]:
        """Return the results of one model, the oldest first."""
        return tuple(one for one in self.all() if one.model_id == model_id)

    def _read(self) -> tuple[BenchmarkResult, ...]:
        try:
            lines = self._path.read_bytes().splitlines()[-MOST:]
        except OSError as err:
            log.warning("earlier benchmarks are not read: %s", err)
            return ()
        results = []
        for line in filter(None, lines):
            try:
                result = _RESULT.validate_json(line)
            except ValidationError:
                continue
            if result.runs:
                results.append(result)
        if num_lost := sum(map(bool, lines)) - len(results):
            log.warning("%s: %d lines cannot be read and are left out", self._path, num_lost)
        return tuple(results)

    def _ends_its_line(self, size: int) -> bool:
        with self._path.open("rb") as file:
            file.seek(size - 1)
            return file.read(1) == b"\n"
