"""How messages are added and grow, within a transaction that somebody has begun."""

from __future__ import annotations

import sqlite3
import time

from workers.messages.errors import NotFoundError

from .records import Message
from .rows import as_json


def add(database: sqlite3.Connection, chat: str, new: Message) -> int:
    """Add a message, which is then what the chat shows; returns its id, whatever id it has now.

    Raises: NotFoundError.
    """
    if new.parent is not None:
        check_parent(database, chat, new.parent)
    now = time.time()
    added = database.execute(
        "INSERT INTO messages (chat, parent, role, text, thought, state, error, created_s, details) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            chat, new.parent, new.role, new.text, new.thought, new.state, new.error,
            new.created_s or now, as_json(new.details),
        ),
    )  # fmt: skip
    message = int(added.lastrowid or 0)
    if new.text:
        index(database, message, new.text)
    database.execute("UPDATE chats SET shown = ?, changed_s = ? WHERE id = ?", (message, now, chat))
    return message


def check_parent(database: sqlite3.Connection, chat: str, parent: int) -> None:
    """Raises: NotFoundError if a message is not one of this chat."""
    row = database.execute("SELECT chat FROM messages WHERE id = ?", (parent,)).fetchone()
    if row is None or row["chat"] != chat:
        raise NotFoundError(f"This chat has no message {parent}.")


def begin_again(database: sqlite3.Connection, message: int) -> None:
    """Say that an answer that broke off is being written on."""
    database.execute("UPDATE messages SET state = 'running', error = '' WHERE id = ?", (message,))


def end(database: sqlite3.Connection, whole: Message) -> None:
    """Make an answer's pieces its text, and say how it ended."""
    database.execute(
        "UPDATE messages SET text = ?, thought = ?, state = ?, error = ?, details = ? WHERE id = ?",
        (whole.text, whole.thought, whole.state, whole.error, as_json(whole.details), whole.id),
    )
    database.execute("DELETE FROM pieces WHERE message = ?", (whole.id,))
    index(database, whole.id, whole.text)


def index(database: sqlite3.Connection, message: int, text: str) -> None:
    """Let a message be found by its words, in any case: SQLite alone does not know that ß is ss."""
    database.execute("DELETE FROM words WHERE rowid = ?", (message,))
    database.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (message, text.casefold()))
