"""Which passage supports a sentence of the answer? Pure text and numbers, no model.

A passage supports a sentence if it has all of its numbers and names, and

- with the embedder's likenesses (`likeness.py`): one sentence of it is near enough, and clearly nearer than any of
  another passage; or nearly all words are the same;
- without them: it has at least half of the words that carry meaning (four letters or more, endings ignored).

A model's own mark stays on a sentence that its passage supports, else it is moved to the passage that does, or taken
away. That two sentences are near is no proof that the answer is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from workers.messages import Passage
from workers.messages.names import names_in

from .figures import figures_in, name_key, numbers_in, strays
from .sentences import Sentence, sentences_of

MIN_SHARE = 0.5
SAME_SHARE = 0.9
"""With so many shared words, meaning is not asked."""
SAME_WORDS = 3
"""…if there are as many."""
NEAR = 0.575
"""Likeness of a sentence that a passage says; chosen on the tuning half, see docs/finding.md."""
MARGIN = 0.04
"""A second passage that is as near makes it unclear which one says it…"""
SURE = 0.7
"""…below this likeness."""
NEAR_OF_MODEL = 0.5
"""For a mark that the model set itself: two judge the same."""
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
    """Whether the model wrote marks itself."""
    unsupported: tuple[str, ...] = ()
    """The sentences that no passage says, without marks."""
    num_claims: int = 0
    """Sentences that say something."""
    num_moved: int = 0
    """Sentences whose marks named a passage that does not say it: moved to one that does, or taken away."""
    strays: tuple[str, ...] = ()
    """Numbers and names of it that stand in none of the passages."""


def cite(
    answer: str, passages: Sequence[Passage], likeness: Sequence[Sequence[float]] = ()
) -> Marked:
    """Return the answer with marks; `likeness` is of the sentences that claim something, in order."""
    sentences = sentences_of(answer)
    known = range(1, len(passages) + 1)
    rows = iter(likeness)
    pieces: list[str] = []
    numbers: list[int] = []
    unsupported: list[str] = []
    num_moved = 0
    for sentence in sentences:
        own = [number for number in sentence.marks if number in known]
        wanted = own
        if sentence.is_claim:
            wanted = _numbers_of(sentence, own, passages, next(rows, ()))
            num_moved += bool(own) and wanted != own
            unsupported += [] if wanted or not _can_be_judged(sentence.text) else [sentence.text]
        numbers += wanted
        pieces.append(_marked(sentence, wanted))
    return Marked(
        text="".join(pieces),
        numbers=tuple(dict.fromkeys(numbers)),
        is_by_model=any(number in known for one in sentences for number in one.marks),
        unsupported=tuple(unsupported),
        num_claims=sum(one.is_claim and _can_be_judged(one.text) for one in sentences),
        num_moved=num_moved,
        strays=strays([one.text for one in sentences if one.is_claim], passages),
    )


def without_marks(text: str) -> str:
    """Return an answer without its citations: to be spoken, or to go on from with other passages."""
    return re.sub(r" ?\[\d{1,2}\]", "", text)


def supporting(
    sentence: str, passages: Sequence[Passage], likeness: Sequence[float] = ()
) -> int | None:
    """Return the number (from 1) of the passage that supports the sentence, if one does.

    `likeness`: of each passage, [-1, 1]; empty: nobody knows.
    """
    shares = _shares(sentence, passages)
    if not likeness:
        best = max(shares, default=-1.0)
        needed = MIN_SHARE if _stems(sentence) else 0.0
        return shares.index(best) + 1 if best >= needed and _can_be_judged(sentence) else None
    possible = [place for place, share in enumerate(shares) if share >= 0]
    if not possible or not _can_be_judged(sentence):
        return None
    order = sorted(possible, key=lambda place: -likeness[place])
    first, others = order[0], order[1:]
    is_clear = not others or likeness[first] - likeness[others[0]] >= MARGIN
    if likeness[first] >= NEAR and (is_clear or likeness[first] >= SURE):
        return first + 1
    same = max(possible, key=lambda place: shares[place])
    is_same = shares[same] >= SAME_SHARE and len(_stems(sentence)) >= SAME_WORDS
    return same + 1 if is_same else None


def _numbers_of(
    sentence: Sentence, own: Sequence[int], passages: Sequence[Passage], likeness: Sequence[float]
) -> list[int]:
    """Return the passages to cite: the model's own as far as they support it, else one that does."""
    shares = _shares(sentence.text, passages)

    def supports(number: int) -> bool:
        share = shares[number - 1]
        is_near = bool(likeness) and likeness[number - 1] >= NEAR_OF_MODEL
        return share >= MIN_SHARE or (share >= 0 and is_near)

    if not _can_be_judged(sentence.text):
        return list(own)
    if kept := [number for number in own if supports(number)]:
        return kept
    number = supporting(sentence.text, passages, likeness)
    return [number] if number else []


def _marked(sentence: Sentence, wanted: Sequence[int]) -> str:
    """Return a sentence with these marks and no others, in their places if they were there."""
    own = list(sentence.marks)
    if own == list(wanted):
        return sentence.raw
    left = list(wanted)

    def mark(found: re.Match[str]) -> str:
        number = int(found["number"])
        if number in left or (left and not set(left) & set(own)):
            number = left.pop(left.index(number) if number in left else 0)
            return f"{found['gap']}[{number}]"
        return ""

    text = re.sub(r"(?P<gap> ?)\[(?P<number>\d{1,2})\]", mark, sentence.raw)
    return text + "".join(f" [{number}]" for number in left)


def _shares(sentence: str, passages: Sequence[Passage]) -> list[float]:
    """Return for each passage the share of the sentence's words that it has; -1 if a number or name is missing."""
    wanted, numbers = _stems(sentence), numbers_in(sentence)
    names = [name_key(name) for name in names_in(sentence)]
    return [
        len(wanted & _stems(passage.text)) / max(1, len(wanted))
        if numbers <= figures_in(passage.text) and _has_names(passage, names)
        else -1.0
        for passage in passages
    ]


def _has_names(passage: Passage, names: Sequence[str]) -> bool:
    text = f"{passage.document_name} {passage.text}".lower()
    return all(name in text for name in names)


def _can_be_judged(sentence: str) -> bool:
    """Whether it has a word that carries meaning, or a number: "Yes." has neither."""
    return bool(_stems(sentence) or numbers_in(sentence))


def _stems(text: str) -> set[str]:
    words = _WORD.findall(text.lower())
    return {word[:_STEM_LETTERS] for word in words if len(word) > 3 and not word.isdigit()}
