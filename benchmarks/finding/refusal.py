"""How many questions of each kind are refused: the part of the benchmark that is about silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from workers.engines.rag.grounds import Weighing
from workers.engines.rag.retrieval import retrieve
from workers.flows.off_topic import off_topic

from .collection import ALL, Prepared
from .questions import BenchQuestion, Half, Kind

TOP_K = 6
"""Passages that are found where nobody says a number."""
BARS: dict[Kind, str] = {"answerable": "≤ 0.05", "near": "≥ 0.7", "off": "≥ 0.9"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Shares that were refused, [0, 1]."""

    floor: float
    shares: dict[tuple[Half, Kind], float]

    def table(self) -> str:
        """Return them as Markdown."""
        head = "| half | answerable, lost | near the topic | off the topic |\n| --- | ---: | ---: | ---: |"
        halves: tuple[Half, ...] = ("held", "tuning")
        lines = [
            f"| {half} | " + " | ".join(f"{self.shares[half, kind]:.3f}" for kind in BARS) + " |"
            for half in halves
        ]
        floor = (
            f"Refused, over all corpora; the floor that was measured on them is {self.floor:.3f}."
        )
        return "\n".join([floor, "", head, *lines])


def refused(prepared: Prepared, questions: Sequence[BenchQuestion]) -> Refused:
    """Ask every question of all corpora together, as the page does."""
    index, embedder = prepared.index, prepared.embedder
    collection = index.open(ALL)
    weighing = Weighing(index, embedder)
    found: defaultdict[tuple[Half, Kind], list[bool]] = defaultdict(list)
    for question in questions:
        vector = embedder.embed([question.text])[0]
        passages = retrieve(index, collection, question.text, vector, TOP_K)
        grounds = weighing.grounds(collection, question.text, vector, passages)
        found[question.half, question.kind].append(off_topic(grounds))
    shares = {key: sum(some) / len(some) for key, some in found.items()}
    return Refused(floor=weighing.floor(collection), shares=shares)
