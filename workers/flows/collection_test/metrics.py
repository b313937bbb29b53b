"""Rankings → figures: is the right passage among the first, and how far up?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CUT = 10
"""Places that count for nDCG; the reciprocal rank of what stands below is 0 too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Means over some questions, each [0, 1]."""

    hit_1: float
    hit_3: float
    hit_5: float
    mrr: float
    ndcg: float

    def row(self) -> str:
        """Return them as cells of a table."""
        values = (self.hit_1, self.hit_3, self.hit_5, self.mrr, self.ndcg)
        return " | ".join(f"{value:.3f}" for value in values)


def figures(rankings: Sequence[Sequence[bool]], totals: Sequence[int]) -> Figures:
    """Return the figures: for each question whether each place is right, and how many right ones there are."""
    ranks = [next((at for at, right in enumerate(one[:CUT], 1) if right), 0) for one in rankings]
    return Figures(
        hit_1=_mean([0 < rank <= 1 for rank in ranks]),
        hit_3=_mean([0 < rank <= 3 for rank in ranks]),
        hit_5=_mean([0 < rank <= 5 for rank in ranks]),
        mrr=_mean([1 / rank if rank else 0.0 for rank in ranks]),
        ndcg=_mean([_ndcg(one, total) for one, total in zip(rankings, totals, strict=True)]),
    )


def _ndcg(ranking: Sequence[bool], total: int) -> float:
    """Normalised discounted cumulative gain. Source: Järvelin, Kekäläinen, TOIS 2002."""
    gain = sum(1 / math.log2(at + 1) for at, right in enumerate(ranking[:CUT], 1) if right)
    return gain / sum(1 / math.log2(at + 1) for at in range(1, min(CUT, total) + 1))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
