"""By how much predictions are wrong on this machine, seen from models that were used here. Pure.

Two figures do not say all of a machine: how well its cores share one small matrix, what a library does for
its processor, who else lives on the host. That is alike for models of one engine, so what one of them
shows is believed of the others, within limits.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection

LEAST, MOST = 0.4, 1.6
"""One model says no more than that of another: beyond, something else was going on."""


def correction(ratios: Collection[float]) -> float:
    """Return what predictions are multiplied with: the median of seen ÷ predicted; 1 if nothing was seen."""
    return min(MOST, max(LEAST, statistics.median(ratios))) if ratios else 1.0
