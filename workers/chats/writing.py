"""How messages are added and grow, within a transaction that somebody has begun."""

from __future__ import annotations

import sqlite3
import time
import uuid

from workers.messages.errors import NotFoundError

from .records import KeptChat, Message
from .rows import as_json, title_from


def insert(database: sqlite3.Connection, owner: str, like: KeptChat) -> str:
    """Begin a chat like another, without its messages; returns its id, which nobody can guess."""
    now, chat_id = time.time(), uuid.uuid4().hex
    database.execute(
        "INSERT INTO chats (id, owner, title, titled_by, folder, is_pinned, created_s, changed_s, "
        "settings) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            chat_id, owner, like.title, like.titled_by, like.folder, like.is_pinned,
            like.created_s or now, like.changed_s or now, as_json(like.settings),
        ),
    )  # fmt: skip
    return chat_id


def settle(database: sqlite3.Connection, chat: str, shown: int | None) -> None:
    """Let a chat that was taken in show a message, and be as old as its newest one."""
    database.execute(
        "UPDATE chats SET shown = ?, changed_s = coalesce("
        "(SELECT max(created_s) FROM messages WHERE chat = chats.id), changed_s) WHERE id = ?",
        (shown, chat),
    )


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
    if new.role == "user":
        database.execute(
            "UPDATE chats SET title = ? WHERE id = ? AND title = ''", (title_from(new.text), chat)
        )
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
