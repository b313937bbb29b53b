"""What the Models tab shows at one moment, gathered; and which of it goes where. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from configs.catalogue import ModelCard
from workers.flows.benchmark.running import BenchmarkState
from workers.models.benchmarks.result import BenchmarkResult
from workers.models.manager import FoundModel, ModelStatus
from workers.models.setup.progress import SetupProgress

UNDER_WAY = ("running", "waiting", "elsewhere", "paused", "failed")
DOWNLOADED = ("in_use", *UNDER_WAY, "here")
"""States in which at least a part is downloaded, in the order of the list."""
READY = ("in_use", "here")
NUM_FIRST = 6
"""Rows of a section that are seen before its fold is opened, if fewer are here."""
OTHERS = "Others"

_FAMILY = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsState:
    """One look at all models."""

    rows: Sequence[ModelStatus] = ()
    left_out: Sequence[str] = ()
    advice: Sequence[str] = ()
    found: Sequence[FoundModel] = ()
    setup: SetupProgress | None = None
    """How the set for this machine stands; None: nobody could tell."""
    results: Sequence[BenchmarkResult] = ()
    benchmark: BenchmarkState | None = None
    """The one that runs, or the last one."""
    totals_mib: Mapping[str, int] = field(default_factory=dict)
    """What each device has in all."""
    machine: str = ""
    """For people: "2 cores, 20.3 GB, no graphics card"."""
    may_change: bool = False

    @property
    def set_ids(self) -> tuple[str, ...]:
        """Ids of the models of this machine's set."""
        return tuple(one.card.id for one in self.setup.offer.models) if self.setup else ()


def section_of(
    rows: Sequence[ModelStatus],
) -> tuple[list[ModelStatus], dict[str, list[ModelStatus]]]:
    """Return the rows that are seen at once, and the others by family, in the order of their names."""
    ordered = sorted(rows, key=rank)
    here = [row for row in ordered if row.state in DOWNLOADED]
    hinted = [row for row in ordered if row.state not in DOWNLOADED and _is_suggested(row)]
    first = [*here, *hinted[: max(0, NUM_FIRST - len(here))]]
    seen = {row.card.id for row in first}
    families: dict[str, list[ModelStatus]] = defaultdict(list)
    for row in ordered:
        if row.card.id not in seen:
            families[family_of(row.card)].append(row)
    alone = [name for name, found in families.items() if len(found) == 1]
    if len(alone) > 1:
        families[OTHERS] = sorted((families.pop(name)[0] for name in alone), key=rank)
    names = sorted(families, key=lambda name: (name == OTHERS, name.lower()))
    return first, {name: families[name] for name in names}


def family_of(card: ModelCard) -> str:
    """Return the word that a model shares with its sisters: "Qwen3.5 4B" → "Qwen"."""
    found = _FAMILY.search(card.name)
    return found[0] if found else OTHERS


def rank(row: ModelStatus) -> tuple[int, bool, bool, bool, bool, int]:
    """What is used, under way or here comes first; then what is recommended, and easy to have."""
    place = DOWNLOADED.index(row.state) if row.state in DOWNLOADED else len(DOWNLOADED)
    is_hard = is_too_large(row) or row.card.license_restricted
    card = row.card
    return place, card.is_old, not card.recommended, card.is_remote, is_hard, card.memory_mib


def is_too_large(row: ModelStatus) -> bool:
    """Whether it does not fit even if all others sleep."""
    return row.plan is not None and row.plan.outcome == "too_large"


def _is_suggested(row: ModelStatus) -> bool:
    card = row.card
    return card.recommended and not (card.is_old or card.is_remote or is_too_large(row))
