"""What a question to documents or about files returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.messages import Passage, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer from documents."""

    text: str
    """With marks like [1], which count `passages` from 1."""
    passages: tuple[Passage, ...]
    """What was found, best first."""
    citations: tuple[Passage, ...]
    """Those that the answer cites, in the order of their marks."""
    usage: Usage
    unsupported: tuple[str, ...] = ()
    """Its sentences that no passage says."""
    strays: tuple[str, ...] = ()
    """Its numbers and names that stand in no passage."""
    doubts: tuple[str, ...] = ()
    """All that is to be known to judge it, as sentences."""
    is_quoted: bool = False
    """Whether it is the documents' own sentences: no text model was asked."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnswer:
    """An answer about files."""

    text: str
    """With marks like [1], which count `sources` from 1, where there are any."""
    files: tuple[Mapping[str, Any], ...]
    """How each was read (`read_as`) and what was lost (`note`), by `name`."""
    sources: tuple[Mapping[str, Any], ...]
    """The passages that were found, best first: `document`, `page`, `text`, `score`."""
    citations: tuple[Mapping[str, Any], ...]
    """Those that the answer cites, in the order of their marks."""
    usage: Usage
    unsupported: tuple[str, ...] = ()
    """Its sentences that no passage says."""
    strays: tuple[str, ...] = ()
    """Its numbers and names that stand in no passage."""
    doubts: tuple[str, ...] = ()
    """All that is to be known to judge it, as sentences."""

    def __str__(self) -> str:
        return self.text
