"""One model of another program."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LINKED = "linked"
"""Folder within the data folder: a folder of links for each model whose files have no names of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """One of its files."""

    path: Path
    """Where it lies."""
    size: int
    """Bytes."""
    sha256: str | None = None
    """As the other program knows it; None: it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundModel:
    """What can be added by its name."""

    name: str
    """"ollama:llama3.2:1b", "lmstudio:publisher/repository/file.gguf"."""
    program: str
    """For people: "Ollama"."""
    files: Mapping[str, FoundFile]
    """By the names under which an engine is given them; the first is the weights."""
    note: str = ""
    """What of it is not used."""

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(file.size for file in self.files.values())

    @property
    def is_named(self) -> bool:
        """Whether the files are called on the disk what an engine must call them; else they are linked."""
        return all(file.path.name == name for name, file in self.files.items())

    def folder(self, data_dir: Path) -> Path:
        """Return the folder that a card names: the files' own, or one of links."""
        if self.is_named:
            return next(iter(self.files.values())).path.parent
        plain = re.sub(r"[^\w.-]", "-", self.name)
        mark = hashlib.sha256(self.name.encode()).hexdigest()[:8]  # a/b and a-b are two models
        return data_dir / LINKED / f"{plain}-{mark}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "name": self.name,
            "found_in": self.program,
            "size_bytes": self.size_bytes,
            "note": self.note,
        }
