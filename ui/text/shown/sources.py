"""The passages an answer stands on: numbered, folded, with file, page and score; chips in its words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ui.core.asking import caution_html, remark_html
from ui.core.icons import icon
from ui.core.unsaid import CLOSE, OPEN, note_of
from ui.core.unsaid import marked as unsaid_marked
from workers.chats.records import Message
from workers.flows.doubts import moved_note, strays_note
from workers.messages.places import place_words

from .markup import act_button

MAX_NAME = 28
"""Characters of a file's name in a chip."""
_CODE = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`)", re.DOTALL)
_MARK = re.compile(r"\[(\d{1,2})\](?![(\[:])")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$])")


def sources_html(sources: Any, message: Message) -> str:
    """Return the passages below an answer; what it cites is marked."""
    cited = _listed(message.details.get("cited"))
    search = message.details.get("search")
    search = search if isinstance(search, Mapping) else {}
    cards = "".join(
        _card(message, number, source, is_cited=number in cited)
        for number, source in enumerate(_sources(sources), start=1)
    )
    caution = caution_of(message)
    is_near = message.details.get("is_refused") or _is_unused(message)
    title = "Nearest passages" if is_near else "Passages found"
    if cited and message.details.get("is_cited_by_model", True):
        title = f"{len(cited)} of {len(_sources(sources))} passages cited"
    return (
        f"{caution_html(caution) if caution else ''}{_remark(message)}"
        f'<details class="q-evidence-fold q-sources"><summary><b>{title}</b></summary>'
        f'<p class="q-order">{_searched(search, message)}</p><ol class="q-passages">{cards}</ol></details>'
    )


def caution_of(message: Message) -> str:
    """Return what a reader must know to judge an answer from documents; "" for nothing."""
    details = message.details
    if message.state == "running" or details.get("is_refused"):
        return ""
    if _is_unused(message):
        return "No passage is about this question: the model answered from what it knows."
    if "cited" not in details:
        return ""
    if not details.get("cited"):
        return "No sentence of this answer is found in the passages."
    notes = (
        note_of(len(_listed(details.get("unsupported"))), _count(details.get("num_claims"))),
        moved_note(_count(details.get("num_moved"))),
        strays_note([str(one) for one in _listed(details.get("strays"))]),
    )
    return " ".join(note for note in notes if note)


def _remark(message: Message) -> str:
    """Say whose the marks are; that is no reason for doubt."""
    details = message.details
    if details.get("is_cited_by_model", True) or not details.get("cited"):
        return ""
    return remark_html(
        "The model cites nothing itself: a mark shows which passage is nearest to a sentence."
    )


def _is_unused(message: Message) -> bool:
    """Whether the model got none of what was found."""
    found = _sources(message.details.get("sources"))
    return not any(source.get("is_used", True) for source in found)


def refused_html(_detail: Any, message: Message) -> str:
    """Return what can be done where the documents have nothing."""
    anyway = act_button("Answer anyway", "anyway", message=message.id)
    return (
        '<p class="q-line q-note">No model was asked: an answer would be invented.</p>'
        f'<div class="q-next-steps">{anyway}</div>'
    )


def cited_words(text: str, message: Message) -> str:
    """Return an answer's Markdown in which each mark like [2] is a chip that leads to its passage."""
    sources = _sources(message.details.get("sources"))
    if not sources or message.state == "running":
        return text

    def chip(mark: re.Match[str]) -> str:
        number = int(mark[1])
        if not 1 <= number <= len(sources):
            return mark[0]
        return f"[{_place(sources[number - 1])}](#source-{message.id}-{number})"

    bare = [str(one) for one in _listed(message.details.get("unsupported"))]
    parts = _CODE.split(unsaid_marked(text, bare, OPEN, CLOSE))  # every second one is code
    parts[::2] = [_MARK.sub(chip, part) for part in parts[::2]]
    return "".join(parts)


def left_out_html(left_out: Any, _message: Message) -> str:
    """Return how much of the conversation the model did not get."""
    count = int(left_out.get("exchanges", 0)) if isinstance(left_out, Mapping) else 0
    if not count:
        return ""
    which = "The oldest exchange was" if count == 1 else f"The {count} oldest exchanges were"
    summary = str(left_out.get("summary", ""))
    if not summary:
        return f'<p class="q-line q-note">{which} left out: the conversation is longer than the model’s context.</p>'
    return (
        f'<details class="q-line q-note"><summary>{which} summed up for the model</summary>'
        f"<p>{escape(summary)}</p></details>"
    )


def _count(value: Any) -> int:
    """An import may hold anything."""
    return value if isinstance(value, int) else 0


def _listed(value: Any) -> Sequence[Any]:
    """An import may hold anything."""
    return value if isinstance(value, (list, tuple)) else ()


def _sources(sources: Any) -> Sequence[Mapping[str, Any]]:
    return [one if isinstance(one, Mapping) else {} for one in _listed(sources)]


def _place(source: Mapping[str, Any]) -> str:
    """For example "handbook.pdf p. 7", as Markdown has it literally."""
    name = str(source.get("document", ""))
    name = name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"
    where = place_words(None, _where(source))
    page = f" p. {source['page']}" if source.get("page") else ""
    return _SPECIAL.sub(r"\\\1", f"{name} {where}".rstrip()) + page


def _where(source: Mapping[str, Any]) -> dict[str, str]:
    place = source.get("place")
    return (
        {str(key): str(value) for key, value in place.items()} if isinstance(place, Mapping) else {}
    )


def _searched(search: Mapping[str, Any], message: Message) -> str:
    parts = []
    if search.get("is_rewritten"):
        parts.append(f"Searched for “{search.get('query', '')}”.")
    parts += [str(one) for one in _listed(search.get("missing"))]
    used, found = search.get("num_used"), len(_listed(message.details.get("sources")))
    if isinstance(used, int) and 0 < used < found:
        parts.append(f"{found - used} of {found} were not given to the model: {search.get('why')}.")
    if search.get("is_alone"):
        parts.append("A model this small got them without the conversation before.")
    return escape(" ".join(parts) or "Best first.")


def _card(message: Message, number: int, source: Mapping[str, Any], *, is_cited: bool) -> str:
    page = place_words(source.get("page"), _where(source))
    collection = str(source.get("collection", ""))
    place = " · ".join(part for part in (page, collection) if part)
    is_unused = not source.get("is_used", True) and not message.details.get("is_refused")
    word = "cited" if message.details.get("is_cited_by_model", True) else "nearest"
    tag = f"<em>{word}</em>" if is_cited else "<em>not given to the model</em>" if is_unused else ""
    name = escape(str(source.get("document", "")))
    return (
        f'<li id="source-{message.id}-{number}" class="{"q-cited" if is_cited else ""}">'
        f"<details><summary><b>{number}</b> {icon('file')}"
        f'<span class="q-source">{name}</span> <span class="q-place">{escape(place)}</span>{tag}'
        f"{_meter(source)}</summary><blockquote>{_lines(source)}</blockquote></details></li>"
    )


def _lines(source: Mapping[str, Any]) -> str:
    return escape(str(source.get("text", ""))).replace("\n", "<br>")


def _meter(source: Mapping[str, Any]) -> str:
    relevance = source.get("relevance")
    label, value = (
        ("relevance", relevance) if relevance is not None else ("likeness", source.get("score"))
    )
    number = float(value) if isinstance(value, (int, float)) else 0.0
    shown = min(1.0, max(0.0, number))
    return (
        f'<span class="q-score"><meter min="0" max="1" value="{shown:.2f}" aria-label="{label}"></meter>'
        f"{number:.2f}</span>"
    )
