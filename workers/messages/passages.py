"""What is found in documents: passages, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass

from .values import Metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """Whether what was found can be about the question."""

    nearest: float
    """Cosine of the question's nearest passage, [-1, 1]."""
    floor: float
    """Cosine that questions about everyday things hardly ever reach in this collection."""
    coverage: float
    """Share of the question's words that one passage has, rare ones counting more; [0, 1]."""
    missing: tuple[str, ...] = ()
    """Names in the question that no passage has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageFilter:
    """Where passages are looked for; what is not said is everywhere. All that is said must hold."""

    files: tuple[str, ...] = ()
    """Names of documents, in any case; `*` stands for anything. One of them must fit."""
    types: tuple[str, ...] = ()
    """Ends of names without the dot: "pdf", "md". One of them must fit."""
    pages: tuple[int, int] | None = None
    """First and last, 1-based; formats without pages have none."""
    since_s: float | None = None
    """When a document was added, in seconds since 1970: not before…"""
    until_s: float | None = None
    """…and before this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassagePlace:
    """Where the text of a passage stands too."""

    document_id: str
    document_name: str
    page: int | None
    """1-based; None for formats without pages."""
    place: Metadata = ()
    """Slide, sheet, chapter, message, attachment, time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One retrieved chunk of a document."""

    chunk_id: str
    document_id: str
    document_name: str
    page: int | None
    """1-based page number; None for formats without pages."""
    text: str
    score: float
    """Cosine similarity to the query, [-1, 1], higher is better."""
    relevance: float | None = None
    """What the reranker says, [0, 1], higher is better; None: there is none. It sets the order."""
    match: float | None = None
    """Meaning and words together, [0, 1] over this question's candidates; the order without a reranker.

    The best candidate of any question is near 1: it says nothing of whether there is an answer.
    """
    also_in: tuple[PassagePlace, ...] = ()
    """Other places with the same text."""
    metadata: Metadata = ()
    """The document's."""
    place: Metadata = ()
    """Where it stands in a format without pages: slide, sheet, chapter, message, attachment, time."""
