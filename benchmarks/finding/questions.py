"""The questions: written by hand, as somebody would ask who does not know the words of the file.

Each says a few words of the passage that answers it. Half of them are for choosing weights and
thresholds, the other half for the figures; which is which follows from the question's own text.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["answerable", "near", "off"]
Half = Literal["tuning", "held"]
FOLDER = Path(__file__).parent / "questions"


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchQuestion:
    """One question."""

    text: str
    kind: Kind
    """Answered by a file; about a file's subject, but answered nowhere; about something else."""
    corpus: str = ""
    file: str = ""
    """The name of the file that answers it…"""
    passage: str = ""
    """…and words that stand there, in the passage and nowhere else."""

    @property
    def half(self) -> Half:
        """By the parity of the question's SHA-256: nobody chooses, and nothing moves."""
        return "held" if hashlib.sha256(self.text.encode()).digest()[0] % 2 else "tuning"


def load_questions() -> list[BenchQuestion]:
    """Return all questions, file by file."""
    lines = [
        line
        for path in sorted(FOLDER.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [BenchQuestion(**json.loads(line)) for line in lines]


def plain(text: str) -> str:
    """Return a text as passages are compared: white space made one space."""
    return " ".join(text.split())
