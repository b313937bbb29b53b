"""Do the marks go to sentences that a passage says? Copied ones, the same in other words, and inventions.

The sentences in other words and the inventions are written by hand, for questions of the tuning half; the rule's
thresholds were chosen on them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from workers.flows.citations import supporting
from workers.flows.likeness import FOREIGN, nearest
from workers.flows.sentences import passage_sentences
from workers.messages import Passage

from .collection import ALL, Prepared
from .questions import FOLDER, load_questions, plain
from .rankers import Ways

NUM_PASSAGES = 6
DEEP = 60
"""So far down is the passage looked for that answers; where it is not among the first, it takes the last place."""
KINDS = ("copied", "in other words", "invented")


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidSentence:
    """One sentence, and what it is judged against."""

    kind: str
    text: str
    passages: Sequence[Passage]
    right: Sequence[bool]
    """Which passages have the words that answer the question."""


def supported(prepared: Prepared) -> str:
    """Return the table: how many got a mark, and the right one, by words alone and with the embedder."""
    cases = list(_cases(prepared))
    rows = [
        "| rule | sentences | number | with a mark | the right one |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for name, likeness in (("words", _none), ("words and embedder", _likeness(prepared))):
        for kind in KINDS:
            some = [case for case in cases if case.kind == kind]
            marks = [supporting(one.text, one.passages, likeness(one)) for one in some]
            right = sum(
                bool(mark) and one.right[(mark or 1) - 1]
                for mark, one in zip(marks, some, strict=True)
            )
            rows.append(
                f"| {name} | {kind} | {len(some)} | {len(some) - marks.count(None)} | {right} |"
            )
    return "\n".join(rows)


def _cases(prepared: Prepared) -> Iterator[SaidSentence]:
    lines = (FOLDER.parent / "sentences.jsonl").read_text(encoding="utf-8").splitlines()
    written = {one["question"]: one for one in map(json.loads, lines)}
    ways = Ways(prepared)
    for question in load_questions():
        if question.kind != "answerable" or question.half != "tuning":
            continue
        wanted = plain(question.passage)
        found = ways.passages(ALL, question.text, DEEP)
        place = next((at for at, one in enumerate(found) if wanted in plain(one.text)), None)
        if place is None:
            continue
        first = NUM_PASSAGES if place < NUM_PASSAGES else NUM_PASSAGES - 1
        passages = (*found[:first], *(() if place < NUM_PASSAGES else (found[place],)))
        right = [wanted in plain(one.text) for one in passages]
        copied = [one for one in passage_sentences(found[place].text) if wanted in one][:1]
        own = written.get(question.text)
        texts = [("copied", one) for one in copied]
        texts += [(KINDS[1], own["said"]), (KINDS[2], own["invented"])] if own else []
        for kind, text in texts:
            yield SaidSentence(kind=kind, text=text, passages=passages, right=right)


def _none(_case: SaidSentence) -> Sequence[float]:
    return ()


def _likeness(prepared: Prepared) -> Callable[[SaidSentence], Sequence[float]]:
    def likeness(case: SaidSentence) -> Sequence[float]:
        stands = [
            (at, text)
            for at, one in enumerate(case.passages)
            for text in passage_sentences(one.text)
        ]
        texts = [*FOREIGN, case.text, *(text for _, text in stands)]
        rows = prepared.embedder.embed(texts).tolist()
        return nearest(rows, 1, [at for at, _ in stands], len(case.passages))[0]

    return likeness
