"""The same text in two files is one passage that has two places."""

from __future__ import annotations

import re
from collections.abc import Iterable

MIN_SHARED = 0.8
"""Share of the word triples of two texts that both have, from which on they are the same text.

A copy with another year in it has 0.9 and more; two licences of one family stay below 0.6.
"""
_WORD = re.compile(r"\w+")


def groups(texts: Iterable[tuple[str, str]], most: int) -> list[list[str]]:
    """Return the ids of (id, text), those of near-duplicates together, in the order of their first.

    Ends where group number `most` + 1 would begin: copies that rank far below their first are not looked for.
    """
    found: list[tuple[list[str], set[tuple[str, ...]]]] = []
    for one, text in texts:
        shingles = _shingles(text)
        same = (ids for ids, others in found if _shared(shingles, others) >= MIN_SHARED)
        if (ids := next(same, None)) is not None:
            ids.append(one)
        elif len(found) == most:
            break
        else:
            found.append(([one], shingles))
    return [ids for ids, _ in found]


def _shared(some: set[tuple[str, ...]], others: set[tuple[str, ...]]) -> float:
    """Jaccard's index, [0, 1]."""
    return len(some & others) / max(1, len(some | others))


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return {tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2))}
