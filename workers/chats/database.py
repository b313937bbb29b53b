"""The SQLite file that chats are kept in: one connection that writes, in transactions.

In WAL mode a transaction is a few hundred microseconds and survives the end of this process, whatever
ends it; it may be lost with the power. Source of the pragmas: SQLite's documentation of WAL.
"""

from __future__ import annotations

import errno
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workers.messages.errors import AppError, DiskFullError, ResourceError

from .rows import holds

log = logging.getLogger("quintet.chats")

VERSION = 1
"""Of the schema, in `PRAGMA user_version`."""
BUSY_S = 10.0
"""How long a write waits for another program that has the file open."""
SCHEMA = """
CREATE TABLE chats (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, titled_by TEXT NOT NULL,
    folder TEXT NOT NULL DEFAULT '', is_pinned INTEGER NOT NULL DEFAULT 0,
    created_s REAL NOT NULL, changed_s REAL NOT NULL, deleted_s REAL,
    shown INTEGER, settings TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX chats_of_owner ON chats (owner, changed_s);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, chat TEXT NOT NULL REFERENCES chats ON DELETE CASCADE,
    parent INTEGER REFERENCES messages, role TEXT NOT NULL, text TEXT NOT NULL,
    thought TEXT NOT NULL, state TEXT NOT NULL, error TEXT NOT NULL, created_s REAL NOT NULL,
    details TEXT NOT NULL
) STRICT;
CREATE INDEX messages_of_chat ON messages (chat);
CREATE INDEX messages_of_parent ON messages (parent);
CREATE INDEX messages_running ON messages (state) WHERE state = 'running';
CREATE TABLE pieces (
    message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    text TEXT NOT NULL, thought TEXT NOT NULL
) STRICT;
CREATE INDEX pieces_of_message ON pieces (message);
CREATE VIEW whole_chats AS SELECT chats.*,
    chats.id IN (SELECT chat FROM messages WHERE state = 'running') AS is_running FROM chats;
CREATE VIEW whole_messages AS SELECT messages.*,
    (SELECT group_concat(text, '') FROM (
        SELECT text FROM pieces WHERE message = messages.id ORDER BY rowid)) AS more_text,
    (SELECT group_concat(thought, '') FROM (
        SELECT thought FROM pieces WHERE message = messages.id ORDER BY rowid)) AS more_thought
    FROM messages;
CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'trigram');
"""
"""What is being written lies in pieces, which are joined to what a message had. `words` has a message's
id as rowid; trigrams find parts of words, and scripts without spaces."""


class ChatDatabase:
    """The open file; any thread may use it."""

    def __init__(self, path: Path | None) -> None:
        """None: in memory, gone when it is closed. Raises: ResourceError, DiskFullError."""
        self._path = path
        self._lock = threading.RLock()
        with _as_app_errors(path):
            self._connection = _open(path)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is kept, or nothing. Raises: ResourceError, DiskFullError."""
        with self._lock, _as_app_errors(self._path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return what a query finds. Raises: ResourceError."""
        with self._lock, _as_app_errors(self._path):
            return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Let go of the file; without effect the second time."""
        with self._lock:
            self._connection.close()


def _open(path: Path | None) -> sqlite3.Connection:
    if path is None:
        return _prepared(_connect(":memory:"))
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _prepared(_connect(path))
    except sqlite3.DatabaseError as err:
        if isinstance(err, sqlite3.OperationalError):  # a full disk, a lock: the file is well
            raise
        log.error("%s is damaged (%s): it is put aside, and a new one is begun.", path, err)
        _put_aside(path)
        return _prepared(_connect(path))


def _put_aside(path: Path) -> None:
    """Rename a damaged file with all that belongs to it: somebody may still get something out of it."""
    now = int(time.time())
    for part in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if part.exists():
            part.replace(part.with_name(f"{part.name}.damaged-{now}"))


def _connect(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_S, check_same_thread=False, isolation_level=None
    )
    connection.row_factory = sqlite3.Row
    connection.create_function("holds", 2, holds, deterministic=True)
    return connection


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise ResourceError(
                f"The chats of this data folder were written by a newer Quintet (form {version}; "
                f"this one knows {VERSION}).",
                "Use that one, or another data folder.",
            )
        if version < VERSION:
            connection.executescript(
                f"BEGIN IMMEDIATE;{SCHEMA}PRAGMA user_version = {VERSION};COMMIT;"
            )
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _as_app_errors(path: Path | None) -> Iterator[None]:
    """Turn what SQLite and the disk say into sentences."""
    try:
        yield
    except (sqlite3.Error, OSError) as err:
        raise _sentence(err, path) from err


def _sentence(err: Exception, path: Path | None) -> AppError:
    name = path.name if path is not None else "the chats in memory"
    is_full = isinstance(err, OSError) and err.errno in (errno.ENOSPC, errno.EDQUOT)
    if is_full or "disk is full" in str(err):
        return DiskFullError(
            f"Chats cannot be kept: no room is left on the disk of {name}.", "Free some space."
        )
    return ResourceError(f"Chats cannot be kept: {name} says {str(err) or type(err).__name__}.")
