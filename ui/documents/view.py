"""Documents, passages and answers → HTML for the RAG tab. Pure: no gradio; everything is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from ui.core.render import note_html
from workers.messages import CollectionInfo, DocumentIndexed, DocumentInfo, Passage
from workers.messages.amounts import fine_size_words

_MARK = re.compile(r"\[(\d{1,2})\]")
_WORD = re.compile(r"\w+")
_STEM_LETTERS = 5
WEAK_SCORE = 0.2
"""Cosine below which MiniLM's best passage is usually about something else."""

_SIGNS = {"added": "✓", "unchanged": "=", "failed": "✕"}
_NO_DOCUMENTS = (
    "No documents yet. Add PDF, Word, HTML, Markdown, text or CSV files, or click the example: "
    "they stay on this machine. Then ask, and every answer names its file and page."
)


def files_html(indexed: Sequence[DocumentIndexed]) -> str:
    """What became of each uploaded file."""
    rows = "".join(
        f'<li class="q-{event.status}"><b aria-hidden="true">{_SIGNS[event.status]}</b> '
        f"<span>{escape(event.document.name)}</span> <em>{event.status}</em>"
        f"{f' <small>{escape(event.reason)}</small>' if event.reason else ''}</li>"
        for event in indexed
    )
    return f'<ul class="q-files">{rows}</ul>' if rows else ""


def documents_html(documents: Sequence[DocumentInfo]) -> str:
    """The table of a collection."""
    if not documents:
        return f'<p class="q-empty">{escape(_NO_DOCUMENTS)}</p>'
    rows = "".join(
        f"<tr><td>{escape(document.name)}</td><td>{document.num_pages or '–'}</td>"
        f"<td>{document.num_chunks}</td><td>{fine_size_words(document.num_bytes)}</td></tr>"
        for document in documents
    )
    return (
        '<table class="q-documents"><thead><tr><th>Document</th><th>Pages</th><th>Chunks</th>'
        f"<th>Size</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def collection_choices(collections: Sequence[CollectionInfo]) -> list[tuple[str, str]]:
    """Label and name of each collection."""
    return [(_label(collection), collection.name) for collection in collections]


def _label(collection: CollectionInfo) -> str:
    files = "document" if collection.num_documents == 1 else "documents"
    return f"{collection.name} ({collection.num_documents} {files})"


def document_choices(documents: Sequence[DocumentInfo]) -> list[tuple[str, str]]:
    """Label and id of each document; equal names are told apart by their checksum."""
    names = [document.name for document in documents]
    return [
        (
            document.name
            if names.count(document.name) == 1
            else f"{document.name} ({document.document_id[:6]})",
            document.document_id,
        )
        for document in documents
    ]


def answer_html(text: str, is_done: bool) -> str:
    """The answer as the model's Markdown; marks become links to the cards."""
    from markdown_it import MarkdownIt

    if not text.strip():
        return ""
    body = MarkdownIt("commonmark", {"html": False}).render(text)
    body = _MARK.sub(
        r'<a class="q-cite" href="#passage-\1" target="_self" title="Show passage \1">\1</a>', body
    )
    busy = "" if is_done else ' aria-busy="true"'
    return f'<div class="q-answer" aria-live="polite"{busy}>{body}</div>'


def passages_html(
    passages: Sequence[Passage], question: str, cited: Sequence[int] = (), num_used: int = 0
) -> str:
    """One card per passage, the cited ones unfolded; `num_used` of them were given to the model."""
    stems = {word[:_STEM_LETTERS] for word in _WORD.findall(question.lower()) if len(word) > 3}
    cards = "".join(
        _card(number, passage, stems, cited, is_used=not num_used or number <= num_used)
        for number, passage in enumerate(passages, start=1)
    )
    return f'<ol class="q-passages">{cards}</ol>' if cards else ""


def _card(
    number: int, passage: Passage, stems: set[str], cited: Sequence[int], *, is_used: bool
) -> str:
    is_open = number in cited or (not cited and number == 1)
    place = f"page {passage.page}" if passage.page else "no page numbers"
    flags = "cited" if number in cited else "" if is_used else "not given to the model"
    return (
        f'<li id="passage-{number}" class="{"q-cited" if number in cited else ""}">'
        f"<details{' open' if is_open else ''}><summary><b>{number}</b> "
        f'<span class="q-source">{escape(passage.document_name)}</span> '
        f'<span class="q-place">{place}</span>'
        f"{f' <em>{flags}</em>' if flags else ''}"
        f"{_scores(passage)}</summary>"
        f"<blockquote>{_highlighted(passage.text, stems)}</blockquote></details></li>"
    )


def _scores(passage: Passage) -> str:
    """How near the question it is; and how well it answers, if there is a reranker that says so."""
    about = "Cosine similarity to the question: 1 is the same meaning"
    if passage.relevance is None:
        return _meter(passage.score, "similarity", about)
    judged = "Relevance by the reranker, which sets the order: 1 answers the question"
    relevance = _meter(passage.relevance, "relevance", judged, "relevance ")
    return relevance + _meter(passage.score, "similarity", about, "similarity ")


def _meter(value: float, label: str, title: str, word: str = "") -> str:
    shown = min(1.0, max(0.0, value))
    return (
        f'<span class="q-score" title="{title}">{word}'
        f'<meter min="0" max="1" value="{shown:.2f}" aria-label="{label}"></meter>'
        f"{value:.2f}</span>"
    )


def _highlighted(text: str, stems: set[str]) -> str:
    """The passage with the question's words marked; escaped piece by piece."""
    pieces: list[str] = []
    end = 0
    for found in _WORD.finditer(text):
        pieces.append(escape(text[end : found.start()]))
        word = escape(found[0])
        is_hit = found[0].lower()[:_STEM_LETTERS] in stems
        pieces.append(f"<mark>{word}</mark>" if is_hit else word)
        end = found.end()
    return "".join([*pieces, escape(text[end:])]).replace("\n", "<br>")


def remarks(
    passages: Sequence[Passage], num_used: int, reason: str, is_by_model: bool | None
) -> list[str]:
    """What the reader must know to judge the answer; whole sentences."""
    notes = []
    if passages and max(passage.score for passage in passages) < WEAK_SCORE:
        notes.append("No passage is close to the question: your documents may not answer it.")
    left_out = len(passages) - num_used
    if num_used and left_out > 0:
        verb = "was" if left_out == 1 else "were"
        notes.append(
            f"{left_out} of {len(passages)} passages {verb} not given to the model: {reason}."
        )
    if is_by_model is False:
        notes.append(
            "The model wrote no citations; the marks show which passage shares a sentence's words. "
            "A sentence without a mark has no support in them."
        )
    return notes


def remarks_html(lines: Sequence[str]) -> str:
    """The remarks below an answer."""
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def failures_html(done: Sequence[DocumentIndexed]) -> str:
    """Return the line above the files if some could not be added; "" if all could."""
    failed = sum(indexed.status == "failed" for indexed in done)
    return note_html(f"{failed} of {len(done)} files could not be added.") if failed else ""
