"""`python -m benchmarks finding`: what retrieval finds and refuses, on questions it was not tuned on.

The rows say the held half; results/finding.md has both halves, each corpus and all together.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from workers.flows.collection_test.metrics import Figures, figures

from ..harness import RESULTS, Measurement
from .collection import ALL, Prepared, prepared
from .corpora import CORPORA
from .questions import BenchQuestion, Half, load_questions, plain
from .rankers import RERANKER, Ranker, rankers
from .refusal import BARS, Refused, refused
from .supported import supported

HEAD = (
    "| collection | order | hit@1 | hit@3 | hit@5 | MRR | nDCG@10 |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
)


def measure() -> list[Measurement]:
    """Return the held half's figures over all corpora, and write the tables."""
    questions = load_questions()
    asked = [question for question in questions if question.kind == "answerable"]
    with prepared() as collections:
        ways = rankers(collections)
        right = RightPassages(collections)
        asked = [question for question in asked if right.count(ALL, question)]
        tables: list[str] = []
        held: dict[str, Figures] = {}
        for half in ("held", "tuning"):
            some = [question for question in asked if question.half == half]
            rows = {
                (collection, name): _figures(way, right, collection, some)
                for collection in (ALL, *CORPORA)
                for name, way in ways.items()
            }
            held = held or {name: rows[ALL, name] for name in ways}
            tables.append(_table(half, len(some), rows))
        silences = refused(collections, questions)
        tables += [silences.table(), supported(collections)]
    notes = _notes(right, "fused + reranker" in ways)
    RESULTS.joinpath("finding.md").write_text("\n\n".join([*tables, *notes]) + "\n")
    found = _rows(held, sum(question.half == "held" for question in asked))
    return found + _refusal_rows(silences, questions)


class RightPassages:
    """Which passages answer a question: all that have the words it names, whatever their file."""

    def __init__(self, collections: Prepared) -> None:
        self._texts = {
            name: [plain(chunk.text) for chunk in collections.chunks(name)]
            for name in (ALL, *CORPORA)
        }
        self.stale: set[str] = set()
        """Passages that no file has any more."""

    def count(self, collection: str, question: BenchQuestion) -> int:
        """Return how many there are."""
        wanted = plain(question.passage)
        found = sum(wanted in text for text in self._texts[collection])
        if not found:
            self.stale.add(f"{question.file}: {question.passage}")
        return found

    def among(self, texts: Iterable[str], question: BenchQuestion) -> list[bool]:
        """Return for each text whether it is one."""
        return [plain(question.passage) in plain(text) for text in texts]


def _figures(
    way: Ranker, right: RightPassages, collection: str, questions: list[BenchQuestion]
) -> Figures:
    asked = [one for one in questions if collection in (ALL, one.corpus)]
    rankings = [right.among(way(collection, one.text), one) for one in asked]
    return figures(rankings, [right.count(collection, one) for one in asked])


def _table(half: Half, count: int, rows: dict[tuple[str, str], Figures]) -> str:
    lines = [f"| {where} | {name} | {found.row()} |" for (where, name), found in rows.items()]
    return "\n".join([f"The {half} half, {count} questions.", "", HEAD, *lines])


def _notes(right: RightPassages, has_reranker: bool) -> list[str]:
    notes = [] if has_reranker else [f"No reranker is here (quintet models pull {RERANKER})."]
    if right.stale:
        notes.append(
            f"Left out, since no file has the passage any more: {'; '.join(sorted(right.stale))}."
        )
    return notes


def _rows(held: dict[str, Figures], count: int) -> list[Measurement]:
    vectors, fused = held["vectors alone"], held["fused"]
    load = f"load {os.getloadavg()[0]:.0f}"

    def row(what: str, value: float, bar: str = "") -> Measurement:
        return Measurement(what=what, value=value, unit="", bar=bar, runs=count, note=load)

    return [
        *(row(f"finding, {name}, hit@5", found.hit_5) for name, found in held.items()),
        *(row(f"finding, {name}, MRR", found.mrr) for name, found in held.items()),
        row("finding, fused − vectors, hit@5", fused.hit_5 - vectors.hit_5, "≥ 0.08"),
        row("finding, fused − vectors, MRR", fused.mrr - vectors.mrr, "≥ 0.05"),
    ]


def _refusal_rows(silences: Refused, questions: list[BenchQuestion]) -> list[Measurement]:
    return [
        Measurement(
            what=f"refused, {kind}",
            value=silences.shares["held", kind],
            unit="",
            bar=bar,
            runs=sum(one.kind == kind and one.half == "held" for one in questions),
        )
        for kind, bar in BARS.items()
    ]
