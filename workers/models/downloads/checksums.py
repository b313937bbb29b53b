"""Whether a file is what it should be, and which files were found to be so before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from .folders import Checksum

BLOCK_BYTES = 1 << 20


def nothing() -> None:
    """Between two blocks, do nothing."""


def sha256_of(path: Path, between: Callable[[], None] = nothing) -> str:
    """Return the SHA-256 of a file; `between` is called after each MiB and may raise."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            between()
    return digest.hexdigest()


def fits(path: Path, checksum: Checksum, sha256: str) -> bool:
    """Whether the file, whose SHA-256 is known, has the other checksum."""
    if checksum.algorithm == "sha256":
        return sha256 == checksum.digest
    # Source: git's object format, "blob", the size and the content.
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest() == checksum.digest


def stamp(path: Path) -> list[int]:
    """Return what changes when a file is written to: its size and its time."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


class ChecksumCache:
    """Which files had the right checksum, and at which stamp; one cache per card."""

    def __init__(self, data_dir: Path, card_id: str) -> None:
        self._path = data_dir / "verified" / f"{card_id}.json"
        self._seen: dict[str, list[object]] = {}
        try:
            self._seen = dict(json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            self._seen = {}  # not written yet, or half: the files are read again

    def has(self, path: Path, sha256: str) -> bool:
        """Whether the file had this checksum and has not been written to since."""
        return self._seen.get(str(path)) == [*stamp(path), sha256]

    def add(self, path: Path, sha256: str) -> None:
        """Remember that the file has this checksum."""
        self._seen[str(path)] = [*stamp(path), sha256]

    def save(self) -> None:
        """Write it down. Raises: OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".part")
        unfinished.write_text(json.dumps(self._seen, indent=1), encoding="utf-8")
        unfinished.replace(self._path)

    def delete(self) -> None:
        """Forget everything."""
        self._path.unlink(missing_ok=True)
