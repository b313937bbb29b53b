"""Passages → questions whose answer stands in one of them, made from words alone: no model is asked."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from workers.messages.errors import UnsupportedInputError
from workers.messages.values import Chunk

MIN_PASSAGES = 10
"""Fewer are found whatever is asked."""
NUM_WORDS = 3
"""Rare words that name a passage."""
MAX_PASSAGES_OF_WORD = 3
"""A word that stands in more passages names none of them."""
SAME = 0.8
"""Share of common words from which two passages are near-duplicates: either would be right."""
DEFINITION = re.compile(
    r"(?:^|[.\n]\s*)((?:An? |The )?[A-Z][\w-]+(?: [\w-]+){0,2}) (?:is|was) (?:an?|the) "
)
WORD = re.compile(r"[^\W\d_][\w-]{3,}")
PRONOUNS = frozenset({"it", "this", "that", "he", "she", "there", "here", "what", "which", "who"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageQuestion:
    """What is asked, and the passage that answers it."""

    text: str
    expected: Chunk


def make_questions(
    chunks: Sequence[Chunk], *, num: int, seed: int = 0
) -> tuple[PassageQuestion, ...]:
    """Return at most `num` questions, one a passage, spread over the documents; the same for the same seed.

    Raises: UnsupportedInputError for fewer than 10 passages without near-duplicates, or if nothing can be asked.
    """
    bags = {chunk.chunk_id: _words(chunk.text) for chunk in chunks}
    spread = _spread(chunks, seed)
    common = Counter(word for bag in bags.values() for word in bag)
    kept: list[Chunk] = []
    made: list[PassageQuestion] = []
    for chunk in spread:
        bag = bags[chunk.chunk_id]
        if any(_alike(bag, bags[other.chunk_id]) for other in kept):
            continue
        kept.append(chunk)
        text = _question(chunk.text, common)
        if text and len(made) < num:
            made.append(PassageQuestion(text=text, expected=chunk))
        if len(made) >= num and len(kept) >= MIN_PASSAGES:
            break
    if len(kept) < MIN_PASSAGES or not made:
        raise UnsupportedInputError(
            f"A test needs at least {MIN_PASSAGES} different passages with words of their own; "
            f"this collection has {len(kept)}, and {len(made)} of them can be asked about.",
            "Add more documents first.",
        )
    return tuple(made)


def _spread(chunks: Sequence[Chunk], seed: int) -> list[Chunk]:
    """Return them shuffled, one of each document in turn."""
    shuffled = sorted(chunks, key=lambda chunk: chunk.chunk_id)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - a sample, no secret
    turn: Counter[str] = Counter()
    turns: list[tuple[int, Chunk]] = []
    for chunk in shuffled:
        turns.append((turn[chunk.document_id], chunk))
        turn[chunk.document_id] += 1
    return [chunk for _, chunk in sorted(turns, key=lambda one: one[0])]


def _question(text: str, common: Counter[str]) -> str:
    for found in DEFINITION.finditer(text):
        name = found[1]
        named = _words(name)
        if name.split()[0].lower() not in PRONOUNS and any(
            common[word] <= MAX_PASSAGES_OF_WORD for word in named
        ):
            article, _, rest = name.partition(" ")
            said = f"{article.lower()} {rest}" if article in {"A", "An", "The"} else name
            return f"What is {said}?"
    rare = sorted(
        (word for word in _words(text) if common[word] <= MAX_PASSAGES_OF_WORD),
        key=lambda word: (common[word], -len(word), word),
    )
    return " ".join(rare[:NUM_WORDS]) if len(rare) >= NUM_WORDS else ""


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in WORD.findall(text))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= SAME * max(1, len(one | other))
