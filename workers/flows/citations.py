"""Which passage does a sentence of the answer come from? Pure text, no model.

The rule, where the model wrote no marks: a sentence is matched with the passage that contains most
of its words that carry meaning (four letters or more, endings ignored) and all of its numbers. It
is cited if that is at least half of the words, and left without a mark otherwise: such a sentence
has no support in the passages, and the page says so. Shared words are no proof of a right answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from workers.messages import Passage

MIN_SHARE = 0.5
_MARK = re.compile(r"\[(\d{1,2})\]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD = re.compile(r"\w+")
_STEM_LETTERS = 5
"""Words count as equal when they begin with the same letters: "employees", "employed"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """An answer with its citations."""

    text: str
    numbers: tuple[int, ...]
    """Cited passages, from 1, each once, in the order of their first mark."""
    is_by_model: bool


def cite(answer: str, passages: Sequence[Passage]) -> Marked:
    """Return the answer with marks; marks that name no passage are taken out."""
    known = range(1, len(passages) + 1)
    own = [int(number) for number in _MARK.findall(answer) if int(number) in known]
    if own:
        text = _MARK.sub(lambda mark: mark[0] if int(mark[1]) in known else "", answer)
        return Marked(text=text, numbers=tuple(dict.fromkeys(own)), is_by_model=True)
    numbers: list[int] = []
    pieces: list[str] = []
    start = 0
    text = _MARK.sub("", answer)
    for end in [*(gap.start() for gap in _SENTENCE.finditer(text)), len(text)]:
        sentence = text[start:end]
        number = supporting(sentence, passages)
        pieces.append(f"{sentence} [{number}]" if number else sentence)
        numbers += [number] if number else []
        start = end
    return Marked(text="".join(pieces), numbers=tuple(dict.fromkeys(numbers)), is_by_model=False)


def without_marks(text: str) -> str:
    """Return an answer without its citations: to be spoken, or to go on from with other passages."""
    return re.sub(r" ?\[\d{1,2}\]", "", text)


def supporting(sentence: str, passages: Sequence[Passage]) -> int | None:
    """Return the number (from 1) of the passage that supports the sentence, if one does."""
    wanted, numbers = _stems(sentence), _numbers(sentence)
    if not wanted and not numbers:
        return None
    shares = [
        len(wanted & _stems(passage.text)) / max(1, len(wanted))
        if numbers <= _numbers(passage.text)
        else -1.0
        for passage in passages
    ]
    best = max(shares, default=-1.0)
    needed = MIN_SHARE if wanted else 0.0
    return shares.index(best) + 1 if best >= needed else None


def _stems(text: str) -> set[str]:
    words = _WORD.findall(text.lower())
    return {word[:_STEM_LETTERS] for word in words if len(word) > 3 and not word.isdigit()}


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+", text))
