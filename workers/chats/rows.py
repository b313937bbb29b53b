"""Rows of the database ↔ values; texts that a search can use."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from .records import KeptChat, Message

EXCERPT = 40
"""Characters on either side of what was found."""


def chat_of(row: sqlite3.Row) -> KeptChat:
    """Return a row of the view `whole_chats` as a value."""
    return KeptChat(
        id=row["id"],
        title=row["title"],
        titled_by=row["titled_by"],
        folder=row["folder"],
        is_pinned=bool(row["is_pinned"]),
        is_running=bool(row["is_running"]),
        created_s=row["created_s"],
        changed_s=row["changed_s"],
        shown=row["shown"],
        settings=json.loads(row["settings"]),
    )


def message_of(row: sqlite3.Row) -> Message:
    """Return a row of the view `whole_messages` as a value."""
    return Message(
        id=row["id"],
        parent=row["parent"],
        role=row["role"],
        text=row["text"] + (row["more_text"] or ""),
        thought=row["thought"] + (row["more_thought"] or ""),
        state=row["state"],
        error=row["error"],
        created_s=row["created_s"],
        details=json.loads(row["details"]),
    )


def as_json(values: Mapping[str, Any]) -> str:
    """Return a mapping as it is kept. Raises: TypeError, ValueError for what is no JSON."""
    return json.dumps(dict(values), ensure_ascii=False, allow_nan=False)


def title_from(question: str, longest: int = 60) -> str:
    """Return the first line of a question as a title, cut between words."""
    line = next((line.strip() for line in question.splitlines() if line.strip()), "")
    if len(line) <= longest:
        return line
    cut = line[:longest].rpartition(" ")[0] or line[:longest]
    return f"{cut.rstrip(' ,;:')} …"


def excerpt_of(text: str, words: list[str]) -> str:
    """Return what stands around the first of the words that a text has; its beginning without any."""
    folded = text.casefold()
    places = [place for place in map(folded.find, words) if place >= 0]
    # Folding may lengthen a text ("ß"): the place is then a little late, never outside.
    begin = max(0, min(places, default=0) - EXCERPT)
    end = begin + 2 * EXCERPT + max(map(len, words), default=0)
    shown = " ".join(text[begin:end].split())
    return f"{'…' if begin else ''}{shown}{'…' if end < len(text) else ''}"


def phrase(word: str) -> str:
    """Return a word as a search of SQLite's FTS5 takes it: literally."""
    return '"' + word.replace('"', '""') + '"'


def holds(text: str, query: str) -> bool:
    """Return whether a text has every word of a query, as they are or in other case."""
    folded = text.casefold()
    return all(word in folded for word in query.casefold().split())
