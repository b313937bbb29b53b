"""Whether a collection has anything about a question at all: if not, an answer would be an invention.

Refused is what is as far from every passage as questions about everyday things, and shares few of its words
with one; and what names something that no passage names. The signs come with the passages (`Grounds`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.messages import Event, Grounds

SHARED_WORDS = 0.5
"""A passage with so much of the question's words, rare ones counting more, may answer it however far it is."""
_WORD = re.compile(r"\w+")
_STEM_LETTERS = 5
_MIN_LETTERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class NotInDocuments(Event):
    """No passage can be about the question: the model is not asked. The passages found came before."""

    best: float
    """The nearest passage's cosine."""
    floor: float
    """What questions about something else reach in this collection."""
    missing: tuple[str, ...] = ()
    """Names of the question that no passage has; without them nothing is refused for its distance."""


def off_topic(grounds: Grounds | None) -> bool:
    """Return whether nothing that was found can be about the question; False if nobody knows."""
    if grounds is None:
        return False
    is_far = grounds.nearest < grounds.floor and grounds.coverage < SHARED_WORDS
    return is_far or bool(grounds.missing)


def missed(request_id: str, grounds: Grounds) -> NotInDocuments:
    """Return what is said in place of an answer."""
    return NotInDocuments(
        request_id=request_id,
        best=grounds.nearest,
        floor=grounds.floor,
        missing=grounds.missing,
    )


def stems(text: str) -> set[str]:
    """Return the beginnings of the words that carry meaning."""
    words = _WORD.findall(text.lower())
    return {word[:_STEM_LETTERS] for word in words if len(word) >= _MIN_LETTERS or word.isdigit()}
