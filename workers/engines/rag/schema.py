"""The tables of the document store, and how a file of an earlier version becomes one of this version.

The number of steps a file has taken is its `user_version`, changed in the same transaction as the
tables: whatever is interrupted is as it was before.
"""

from __future__ import annotations

import sqlite3

from workers.messages.errors import LoadError

from .lexical import parts_of, title_of

_FIRST = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS collections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT UNIQUE NOT NULL, model TEXT NOT NULL, dim INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    collection INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    num_pages INTEGER, num_chunks INTEGER NOT NULL, num_bytes INTEGER NOT NULL,
    PRIMARY KEY (collection, id));
CREATE TABLE IF NOT EXISTS chunks (
    rowid INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL, document TEXT NOT NULL, id TEXT NOT NULL,
    page INTEGER, sha256 TEXT NOT NULL, text TEXT NOT NULL,
    UNIQUE (collection, id));
CREATE INDEX IF NOT EXISTS chunks_of_document ON chunks (collection, document);
CREATE INDEX IF NOT EXISTS chunks_by_content ON chunks (collection, sha256);
CREATE TABLE IF NOT EXISTS unfinished (
    collection INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (collection, document));
CREATE TABLE IF NOT EXISTS dropped (collection INTEGER PRIMARY KEY);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    text, content='chunks', content_rowid='rowid',
    tokenize="porter unicode61 remove_diacritics 2");
CREATE TRIGGER IF NOT EXISTS chunk_added AFTER INSERT ON chunks BEGIN
    INSERT INTO words (rowid, text) VALUES (new.rowid, new.text); END;
CREATE TRIGGER IF NOT EXISTS chunk_removed AFTER DELETE ON chunks BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.rowid, old.text); END;
"""

_STEPS: tuple[tuple[str, ...], ...] = (
    (
        "ALTER TABLE documents ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}'",
        "ALTER TABLE documents ADD COLUMN chunk_tokens INTEGER",
        "ALTER TABLE documents ADD COLUMN overlap_tokens INTEGER",
        "ALTER TABLE documents ADD COLUMN added_s REAL",
        "ALTER TABLE documents ADD COLUMN updated_s REAL",
        "CREATE INDEX documents_by_id ON documents (id)",
    ),
    (
        "ALTER TABLE chunks ADD COLUMN title TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE chunks ADD COLUMN parts TEXT NOT NULL DEFAULT ''",
        "DROP TRIGGER chunk_added",
        "DROP TRIGGER chunk_removed",
        "DROP TABLE words",
        "UPDATE chunks SET parts = parts_of(text), title = coalesce((SELECT title_of(d.name) "
        "FROM documents d WHERE d.collection = chunks.collection AND d.id = chunks.document), '')",
        "CREATE VIRTUAL TABLE words USING fts5 (text, title, parts, content='chunks', "
        "content_rowid='rowid', tokenize=\"porter unicode61 remove_diacritics 2\")",
        "INSERT INTO words (words) VALUES ('rebuild')",
        "CREATE TRIGGER chunk_added AFTER INSERT ON chunks BEGIN "
        "INSERT INTO words (rowid, text, title, parts) "
        "VALUES (new.rowid, new.text, new.title, new.parts); END",
        "CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN "
        "INSERT INTO words (words, rowid, text, title, parts) "
        "VALUES ('delete', old.rowid, old.text, old.title, old.parts); END",
    ),
    ("ALTER TABLE chunks ADD COLUMN place TEXT NOT NULL DEFAULT '{}'",),
)
"""Append only: files with fewer steps are on people's disks."""


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Make the tables, or add what an earlier version lacks; what is in them stays.

    Raises: LoadError if a later version has written the file.
    """
    db.create_function("parts_of", 1, parts_of, deterministic=True)
    db.create_function("title_of", 1, title_of, deterministic=True)
    db.executescript(_FIRST)
    with db:
        db.execute("BEGIN IMMEDIATE")
        (done,) = db.execute("PRAGMA user_version").fetchone()
        if done > len(_STEPS):
            raise LoadError(
                f"The index of documents was written by a later version of Quintet (layout {done}; "
                f"this one knows {len(_STEPS)}).",
                hint="Update Quintet, or start it with another --data-dir.",
            )
        for step in _STEPS[done:]:
            for statement in step:
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(_STEPS)}")
