"""A collection and what is on its way into it → HTML for the RAG tab's sidebar. Pure; all escaped."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from ui.core.icons import icon
from ui.core.render import clock
from workers.flows.intake import IncomingFile
from workers.flows.removal import PendingRemoval
from workers.messages import CollectionInfo, DocumentInfo
from workers.messages.document_kinds import READABLE

NO_DOCUMENTS = (
    f"No documents yet. What is read: {READABLE}. They stay on this machine. Every answer names its "
    "file and page."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """All that is shown of one collection."""

    documents: Sequence[DocumentInfo] = ()
    incoming: Sequence[IncomingFile] = ()
    removals: Sequence[PendingRemoval] = ()
    """What was just deleted and can be had back; of all collections."""
    problem: str = ""
    """Why the last thing could not be deleted."""


def library_html(library: Library) -> str:
    """The list: what can be had back, what is on its way or was refused, and the documents."""
    notes = {one.document_id: one for one in library.incoming if one.state == "added"}
    incoming = [one for one in library.incoming if one.state != "added"]
    rows = [
        *map(_removal_html, library.removals),
        *map(_incoming_html, incoming),
        *(_document_html(one, _label(one, library), notes) for one in library.documents),
    ]
    problem = (
        f'<p class="q-bad" role="alert">{escape(library.problem)}</p>' if library.problem else ""
    )
    empty = "" if rows else f'<p class="q-empty">{escape(NO_DOCUMENTS)}</p>'
    is_moving = library.removals or any(one.is_under_way for one in incoming)
    return (
        f'<div class="q-library" data-moving="{"yes" if is_moving else ""}">{problem}'
        f"{_heading_html(library.documents)}{empty}<ul>{''.join(rows)}</ul></div>"
    )


def _heading_html(documents: Sequence[DocumentInfo]) -> str:
    if not documents:
        return ""
    passages = sum(document.num_chunks for document in documents)
    counted = _counted(len(documents), "document"), _counted(passages, "passage")
    return f"<h3>{counted[0]} <span>{counted[1]}</span></h3>"


def _document_html(document: DocumentInfo, label: str, notes: dict[str, IncomingFile]) -> str:
    facts = [
        _counted(document.num_pages, "page") if document.num_pages else "",
        _counted(document.num_chunks, "passage"),
        _day(document.added_s) if document.added_s else "",
    ]
    note = notes.get(document.document_id)
    warning = f'<span class="q-warn">{escape(note.reason)}</span>' if note else ""
    return _row(
        icon("warning" if note else "file"),
        label,
        f"<span>{' · '.join(filter(None, facts))}</span>{warning}",
        _button("delete", document.document_id, "bin", f"Delete {document.name}", "can be undone"),
    )


def _incoming_html(file: IncomingFile) -> str:
    if file.is_under_way:
        stop = _button("drop", str(file.key), "close", f"Stop reading {file.name}", "")
        return _row(icon("file"), file.name, _progress_html(file), stop)
    away = _button("drop", str(file.key), "close", f"Take {file.name} off the list", "")
    if file.state == "unchanged":
        reason = file.reason or "It is here already."
        return _row(icon("file"), file.name, f"<span>{escape(reason)}</span>", away)
    refused = f'<span class="q-bad">Refused: {escape(file.reason)}</span>'
    return _row(icon("warning"), file.name, refused, away)


def _progress_html(file: IncomingFile) -> str:
    share = min(1.0, file.done / file.total) if file.total > 0 else 0.0
    label = escape(f"Reading {file.name}", quote=True)
    bar = f'<progress max="1" value="{share:.3f}" aria-label="{label}"></progress>'
    return f"<span>{escape(far_words(file))}</span>{bar}"


def far_words(file: IncomingFile) -> str:
    """How far a file is: "reading page 14 of 40", "learning passage 3 of 96 · about 50 s left"."""
    if file.state == "waiting" or not file.total:
        return "waiting" if file.state == "waiting" else "opening"
    if file.unit == "scans":
        page = min(file.done + 1, file.total)
        return f"OCR reads page {page:,.0f} of {file.total:,.0f}"
    what = "reading page" if file.unit == "pages" else "learning passage"
    far = f"{what} {file.done:,.0f} of {file.total:,.0f}"
    left_s = file.left_s(time.monotonic())
    return far if left_s is None or file.unit == "pages" else f"{far} · {_left(left_s)}"


def still_read_words(files: Sequence[IncomingFile]) -> str:
    """A sentence about documents that are still being read; "" if none is."""
    if not files:
        return ""
    shown = [one for one in files if one.state == "reading"] or list(files)
    first = f"{shown[0].name} is still being read ({far_words(shown[0])})"
    more = len(files) - 1
    others = f", and {_counted(more, 'more file')} after it" if more else ""
    return f"{first}{others}. Ask again when it is done: the answer may change."


def _removal_html(removal: PendingRemoval) -> str:
    what = removal.name if removal.document_id else f"“{removal.name}”, with all documents"
    undo = (
        f'<button type="button" class="q-b" data-act="undo" data-id="{removal.key}">Undo</button>'
    )
    return f'<li class="q-doc q-undo" role="status"><b>Deleted {escape(what)}</b>{undo}</li>'


def _row(image: str, name: str, below: str, button: str) -> str:
    title = escape(name, quote=True)
    return f'<li class="q-doc">{image}<b title="{title}">{escape(name)}</b>{below}{button}</li>'


def _button(act: str, key: str, image: str, label: str, title: str) -> str:
    name = escape(label, quote=True)
    hover = f"{name} ({title})" if title else name
    return (
        f'<button type="button" class="q-ib" data-act="{act}" data-id="{escape(key, quote=True)}" '
        f'aria-label="{name}" title="{hover}">{icon(image)}</button>'
    )


def collection_choices(collections: Sequence[CollectionInfo]) -> list[tuple[str, str]]:
    """Label and name of each; how much is in it stands above its documents."""
    return [(one.name, one.name) for one in collections]


def _label(document: DocumentInfo, library: Library) -> str:
    """Equal names are told apart by their checksum."""
    same = sum(other.name == document.name for other in library.documents)
    return document.name if same == 1 else f"{document.name} ({document.document_id[:6]})"


def _day(added_s: float) -> str:
    added, today = datetime.fromtimestamp(added_s).date(), datetime.now().date()
    if added == today:
        return "today"
    year = "" if added.year == today.year else f" {added.year}"
    return f"{added.day} {added:%b}{year}"


def _left(left_s: float) -> str:
    return f"about {math.ceil(left_s)} s left" if left_s < 90 else f"about {clock(left_s)} left"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
