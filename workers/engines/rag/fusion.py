"""Two scales, one order: how near in meaning, and how many rare words are shared.

Both are stretched over the candidates of the question, worst 0 and best 1, and added with weights.
Weights and depth were chosen on the tuning half of `benchmarks/finding`, where ranks (reciprocal rank fusion,
Cormack, Clarke, Büttcher, SIGIR 2009) lose how far apart neighbours are.
"""

from __future__ import annotations

from collections.abc import Mapping

MEANING = 0.7
"""Weight of the vectors; the words have the rest. From 0.4 to 0.7 hardly anything changes."""
DEPTH = 200
"""Candidates of each side, whatever is asked for: what one side ranks low the other may lift."""
WORDS_DEPTH = 10 * DEPTH
"""How far down BM25 is looked up: a near passage that shares a few words has its points for them."""


def fuse(cosines: Mapping[str, float], by_words: Mapping[str, float]) -> dict[str, float]:
    """Return id → match, [0, 1], the best first.

    `cosines` has every candidate, `by_words` the BM25 of those that share words with the question.
    Equal matches keep the order of `cosines`.
    """
    meaning = _stretched(cosines)
    words = _stretched({one: by_words.get(one, 0.0) for one in cosines})
    matches = {one: MEANING * meaning[one] + (1.0 - MEANING) * words[one] for one in cosines}
    return dict(sorted(matches.items(), key=lambda pair: -pair[1]))


def _stretched(scores: Mapping[str, float]) -> dict[str, float]:
    """Return the scores between 0 and 1; all 0 where they are equal and say nothing."""
    low, high = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
    width = high - low
    return {one: (score - low) / width if width else 0.0 for one, score in scores.items()}
