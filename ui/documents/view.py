"""An answer from documents and its evidence → HTML for the RAG tab. Pure: no gradio; all escaped."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape

from ui.core.asking import (
    actions_html,
    answer_html,
    caution_html,
    question_html,
    remark_html,
)
from ui.core.unsaid import note_of
from workers.flows.documents import Cited, ContextCut
from workers.flows.doubts import moved_note, strays_note
from workers.flows.off_topic import NotInDocuments, stems
from workers.flows.receipt import Receipt
from workers.messages import Passage
from workers.messages.places import place_in, place_words

from .page_sheet import page_button

_WORD = re.compile(r"\w+")
_STEM_LETTERS = 5
WEAK_SCORE = 0.2
"""Cosine below which MiniLM's best passage is usually about something else."""
ORDER = (
    "Best first, by match: meaning and shared words together, 1 at best among what this question "
    "could find. Likeness is of meaning alone: 1 is the same, 0 is nothing in common."
)
ORDER_JUDGED = "Best first, as the reranker judges: 1 answers the question, 0 does not."
ALL_SHARE = (
    "A number shows which passage is nearest to a sentence and says the same, and every sentence has "
    "one. The model itself cites nothing."
)
BY_NEARNESS = (
    "The model cites nothing itself: a number shows which passage is nearest to a sentence."
)
QUOTED = "Quoted, no model asked: these are the documents’ own sentences, in reading order."
ASK_MODEL = (
    '<div class="q-choices"><button type="button" class="q-b" data-act="model">'
    "Ask the model instead</button></div>"
)
LOOKING = (
    '<div class="q-evidence q-evidence-wait" aria-hidden="true"><i></i><i></i><i></i><i></i></div>'
)
"""Where the passages will stand, while they are looked for."""


@dataclass(slots=True, kw_only=True)
class AskedDocuments:
    """One question and what has come for it so far."""

    question: str
    number: int
    """Which one it is on this page, from 1: passages of several answers have ids of their own."""
    still_read: str = ""
    """Which documents were still being read when it was asked, a sentence; "" if none."""
    passages: tuple[Passage, ...] = ()
    cut: ContextCut | None = None
    cited: Cited | None = None
    missed: NotInDocuments | None = None
    text: str = ""
    error: str = ""
    """Ready to show."""
    receipt: Receipt = field(default_factory=Receipt)
    is_done: bool = False

    @property
    def anchor(self) -> str:
        """How the ids of its passages begin."""
        return f"passage-{self.number}-"


def said_html(asked: AskedDocuments) -> str:
    """The answer as far as it is written, or that there is none in these documents."""
    if asked.missed is not None:
        return _refusal_html(asked.missed)
    text = asked.cited.text if asked.cited else asked.text
    bare = asked.cited.unsupported if asked.cited else ()
    return answer_html(text, is_done=asked.is_done, cites=asked.anchor, unsupported=bare)


def after_html(asked: AskedDocuments) -> str:
    """What follows an answer: cautions in its own size, then the row of actions."""
    if not asked.is_done:
        return ""
    cautions = "".join(map(caution_html, cautions_of(asked)))
    remarks = "".join(map(remark_html, remarks_of(asked)))
    acts = [
        *(("copy",) if asked.text.strip() else ()),
        "again",
        *(("passages",) if asked.passages else ()),
    ]
    is_quoted = asked.cited is not None and asked.cited.is_quoted
    return (
        asked.error + cautions + remarks + (ASK_MODEL if is_quoted else "")
        + actions_html(asked.receipt, actions=acts)
    )  # fmt: skip


def turn_html(asked: AskedDocuments) -> str:
    """A whole question and answer, as it stays above the next one."""
    return (
        f'<article class="q-turn"><div class="q-turn-main">{question_html(asked.question)}'
        f"{said_html(asked)}{after_html(asked)}</div>"
        f'<div class="q-turn-evidence">{evidence_html(asked, is_folded=True)}</div></article>'
    )


def cautions_of(asked: AskedDocuments) -> list[str]:
    """What the reader must know to judge the answer; whole sentences."""
    notes: list[str] = []
    if not asked.passages or asked.missed is not None or not asked.text.strip():
        return notes
    if max(passage.score for passage in asked.passages) < WEAK_SCORE:
        notes.append("No passage is close to the question: these documents may not answer it.")
    cited = asked.cited
    if cited is not None:
        bare = note_of(len(cited.unsupported), cited.num_claims)
        how = "" if cited.is_by_model or not bare else f" {BY_NEARNESS}"
        notes += [f"{bare}{how}"] if bare else []
        rest = (moved_note(cited.num_moved), strays_note(cited.strays))
        notes += [note for note in rest if note]
    return notes


def remarks_of(asked: AskedDocuments) -> list[str]:
    """What is good to know and no reason for doubt; whole sentences."""
    cited = asked.cited
    is_answered = asked.missed is None and bool(asked.passages) and bool(asked.text.strip())
    if cited is not None and cited.is_quoted:
        return [QUOTED, *([asked.still_read] if asked.still_read else [])]
    is_shared = cited is not None and not cited.is_by_model and not cited.unsupported
    return [
        *([ALL_SHARE] if is_answered and is_shared else []),
        *([asked.still_read] if asked.still_read else []),
    ]


def _refusal_html(missed: NotInDocuments) -> str:
    why = (
        f"The question names {', '.join(f'“{name}”' for name in missed.missing)}, and no passage does."
        if missed.missing
        else f"No passage is about this. The nearest has a likeness of {missed.best:.2f}; questions "
        f"about anything else come to {missed.floor:.2f} here, and few of the words are shared."
    )
    return (
        '<div class="q-refusal"><p class="q-refusal-title">Not in these documents</p>'
        f"<p>{escape(why)} No answer is written: it would be invented.</p>"
        '<div class="q-choices"><button type="button" class="q-b" data-act="anyway">'
        "Answer anyway</button></div></div>"
    )


def evidence_html(asked: AskedDocuments, *, is_folded: bool = False) -> str:
    """The passages found, a card each; of an earlier answer they are folded."""
    if not asked.passages:
        return ""
    cited = asked.cited.numbers if asked.cited else ()
    cards = "".join(
        _card(asked, number, passage, is_cited=number in cited)
        for number, passage in enumerate(asked.passages, start=1)
    )
    title = "Nearest passages" if asked.missed else "Passages found"
    is_judged = any(passage.relevance is not None for passage in asked.passages)
    order = ORDER_JUDGED if is_judged else ORDER
    count = f"{len(asked.passages)} passages" if len(asked.passages) > 1 else "1 passage"
    is_open = "" if is_folded else " open"
    asks = f'<p class="q-evidence-of">“{escape(asked.question)}”</p>' if is_folded else ""
    return (
        f'<details class="q-evidence q-evidence-fold"{is_open}><summary><b>{title}</b> '
        f'<span>{count}</span></summary>{asks}<p class="q-order">{order}{_left_out(asked)}</p>'
        f'<ol class="q-passages">{cards}</ol></details>'
    )


def _left_out(asked: AskedDocuments) -> str:
    cut = asked.cut
    left_out = len(asked.passages) - cut.num_used if cut else 0
    if cut is None or left_out <= 0:
        return ""
    verb = "was" if left_out == 1 else "were"
    return escape(
        f" {left_out} of {len(asked.passages)} {verb} not given to the model: {cut.reason}."
    )


def _card(asked: AskedDocuments, number: int, passage: Passage, *, is_cited: bool) -> str:
    is_used = asked.cut is None or number <= asked.cut.num_used
    is_open = is_cited or (number == 1 and not (asked.cited and asked.cited.numbers))
    wanted = stems(asked.question)
    place = place_words(passage.page, dict(passage.place))
    return (
        f'<li id="{asked.anchor}{number}" class="{"q-cited" if is_cited else ""}">'
        f"<details{' open' if is_open else ''}><summary><b>{number}</b> "
        f'<span class="q-source">{escape(passage.document_name)}</span> '
        f'<span class="q-place">{escape(place)}</span>{_score(passage)}'
        f"{_tag(asked, is_cited=is_cited, is_used=is_used)}</summary>"
        f"{_beside(passage, wanted)}"
        f"<blockquote>{_highlighted(passage.text, wanted)}</blockquote>{_also(passage)}"
        f"{page_button(passage)}</details></li>"
    )


def _also(passage: Passage) -> str:
    """Where the same text stands too."""
    places = [
        escape(place_in(place.document_name, place.page, dict(place.place)))
        for place in passage.also_in
    ]
    return f'<p class="q-also">Same text also in {"; ".join(places)}.</p>' if places else ""


def _tag(asked: AskedDocuments, *, is_cited: bool, is_used: bool) -> str:
    """Only the model cites; a mark that was set by comparing sentences says so."""
    if is_cited and asked.cited is not None:
        word = "cited" if asked.cited.is_by_model else "nearest"
        word = "quoted" if asked.cited.is_quoted else word
        return f"<em>{word}</em>"
    return "" if is_used or asked.missed else "<em>not given to the model</em>"


def _score(passage: Passage) -> str:
    """How near the question it is, or how well it answers, if there is a reranker that says so."""
    if passage.relevance is not None:
        return _meter(passage.relevance, "relevance")
    if passage.match is not None:
        return _meter(passage.match, "match")
    return _meter(passage.score, "likeness")


def _beside(passage: Passage, wanted: set[str]) -> str:
    """What counted as well: one number alone does not explain the order."""
    if passage.relevance is not None:
        return f'<p class="q-counted">likeness {passage.score:.2f}</p>'
    shared = len(wanted & stems(passage.text))
    counted = [] if passage.match is None else [f"likeness {passage.score:.2f}"]
    counted += [f"{shared} of {len(wanted)} words of the question"] if wanted else []
    return f'<p class="q-counted">{", ".join(counted)}</p>' if counted else ""


def _meter(value: float, label: str) -> str:
    shown = min(1.0, max(0.0, value))
    return (
        '<span class="q-score">'
        f'<meter min="0" max="1" value="{shown:.2f}" aria-label="{label}"></meter>'
        f"{value:.2f}</span>"
    )


def _highlighted(text: str, wanted: set[str]) -> str:
    """The passage with the question's words marked; escaped piece by piece."""
    pieces: list[str] = []
    end = 0
    for found in _WORD.finditer(text):
        pieces.append(escape(text[end : found.start()]))
        word = escape(found[0])
        is_hit = found[0].lower()[:_STEM_LETTERS] in wanted
        pieces.append(f"<mark>{word}</mark>" if is_hit else word)
        end = found.end()
    return "".join([*pieces, escape(text[end:])]).replace("\n", "<br>")
