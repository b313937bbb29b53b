"""Whether a collection has anything about a question at all: if not, an answer would be an invention.

Decided only where the scale of the scores is known. Two things have to agree: no passage is near in
meaning, and none has the question's own words, which finds a code or a name that vectors do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from workers.messages import Event, Passage

FLOORS = {"all-minilm-l6-v2": 0.15}
"""Id of an embedder → the cosine below which its nearest passage is about something else.

Measured with the example handbook: the best passage of 11 questions that it answers has 0.19 to 0.68, of
11 about other things 0.05 to 0.18, all but one of these below 0.15. Other embedders have other scales.
"""
SHARED_WORDS = 0.5
"""A passage with so many of the question's words may answer it however far its vector is."""
_WORD = re.compile(r"\w+")
_STEM_LETTERS = 5
_MIN_LETTERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class NotInDocuments(Event):
    """No passage is near enough: the model is not asked. The passages found came before."""

    best: float
    """The nearest passage's cosine."""
    floor: float
    """Below it nothing is answered."""


def off_topic(
    embedder: str, question: str, passages: Sequence[Passage]
) -> tuple[float, float] | None:
    """Return the best score and the floor it misses; None if there may be an answer, or nobody knows."""
    floor = FLOORS.get(embedder)
    best = max((passage.score for passage in passages), default=1.0)
    if floor is None or best >= floor:
        return None
    wanted = stems(question)
    most = max((len(wanted & stems(passage.text)) for passage in passages), default=0)
    return None if wanted and most / len(wanted) >= SHARED_WORDS else (best, floor)


def stems(text: str) -> set[str]:
    """Return the beginnings of the words that carry meaning."""
    words = _WORD.findall(text.lower())
    return {word[:_STEM_LETTERS] for word in words if len(word) >= _MIN_LETTERS or word.isdigit()}
