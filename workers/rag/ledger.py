"""What is in each collection: one small SQLite file beside the vectors.

It holds the names, the texts and their word index (FTS5), and it decides what is complete: the row
of a document and all its chunks appear in one transaction, after their vectors were written. A
vector without a row here is a leftover; `unfinished` names the documents that may have some.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workers.messages import CollectionInfo, DocumentInfo

from .disk import disk_errors

_SCHEMA = """
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

_COMMON = """
    a an and are as at be by can did do does for from had has have how i in is it its may me my of on
    or our should that the their there they this to was we were what when where which who whom why
    will with would you your"""
_STOP_WORDS = frozenset(_COMMON.split())
"""In a small collection BM25 takes even these for rare, and lets them decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A slice of a document, small enough for the embedder."""

    chunk_id: str
    document_id: str
    page: int | None
    sha256: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One collection and the vector space it was indexed in."""

    key: int
    name: str
    model_id: str
    dim: int

    @property
    def space(self) -> str:
        """Its name in the store, which allows few characters; the user's name may be anything."""
        return f"collection-{self.key:06d}"


class Ledger:
    """The SQLite file; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Raises: DiskFullError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._folder = path.parent
        self._lock = threading.RLock()
        with disk_errors(self._folder):
            self._db = sqlite3.connect(path, check_same_thread=False)
            self._db.executescript(_SCHEMA)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, disk_errors(self._folder), self._db:
            yield self._db

    # --- collections ---

    def collection(self, name: str) -> Collection | None:
        """Return the collection of that name, if there is one."""
        with self._transaction() as db:
            row = db.execute(
                "SELECT id, name, model, dim FROM collections WHERE name = ?", (name,)
            ).fetchone()
        return row and Collection(key=row[0], name=row[1], model_id=row[2], dim=row[3])

    def create_collection(self, name: str, model_id: str, dim: int) -> Collection:
        """Add a collection; the name must be free."""
        with self._transaction() as db:
            cursor = db.execute(
                "INSERT INTO collections (name, model, dim) VALUES (?, ?, ?)", (name, model_id, dim)
            )
        return Collection(key=int(cursor.lastrowid or 0), name=name, model_id=model_id, dim=dim)

    def collections(self) -> tuple[CollectionInfo, ...]:
        """Return all collections, by name."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT c.name, count(d.id), coalesce(sum(d.num_chunks), 0) FROM collections c "
                "LEFT JOIN documents d ON d.collection = c.id GROUP BY c.id ORDER BY c.name"
            ).fetchall()
        return tuple(CollectionInfo(name=n, num_documents=d, num_chunks=c) for n, d, c in rows)

    def drop_collection(self, collection: Collection) -> None:
        """Forget a collection; its vectors wait in `dropped` until they are removed too."""
        key = (collection.key,)
        with self._transaction() as db:
            db.execute("INSERT OR IGNORE INTO dropped VALUES (?)", key)
            for table in ("chunks", "documents", "unfinished"):
                db.execute(f"DELETE FROM {table} WHERE collection = ?", key)  # noqa: S608 (our names)
            db.execute("DELETE FROM collections WHERE id = ?", key)

    def dropped(self) -> list[Collection]:
        """Return forgotten collections whose vectors may still be there."""
        with self._transaction() as db:
            rows = db.execute("SELECT collection FROM dropped").fetchall()
        return [Collection(key=key, name="", model_id="", dim=0) for (key,) in rows]

    def forget_dropped(self, collection: Collection) -> None:
        """Say that the vectors of a dropped collection are gone."""
        with self._transaction() as db:
            db.execute("DELETE FROM dropped WHERE collection = ?", (collection.key,))

    # --- documents ---

    def document(self, collection: Collection, document_id: str) -> DocumentInfo | None:
        """Return a complete document, if it is there."""
        found = [d for d in self.documents(collection) if d.document_id == document_id]
        return found[0] if found else None

    def documents(self, collection: Collection) -> tuple[DocumentInfo, ...]:
        """Return the complete documents, by name."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT id, name, num_pages, num_chunks, num_bytes FROM documents "
                "WHERE collection = ? ORDER BY name, id",
                (collection.key,),
            ).fetchall()
        return tuple(
            DocumentInfo(document_id=i, name=n, num_pages=p, num_chunks=c, num_bytes=b)
            for i, n, p, c, b in rows
        )

    def begin(self, collection: Collection, document_id: str) -> None:
        """Note that vectors of this document may exist from now on."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO unfinished VALUES (?, ?)", (collection.key, document_id)
            )

    def complete(
        self, collection: Collection, document: DocumentInfo, chunks: Sequence[Chunk]
    ) -> bool:
        """Make a document visible, all at once; False if its collection has gone meanwhile."""
        with self._transaction() as db:
            if not db.execute(
                "SELECT 1 FROM collections WHERE id = ?", (collection.key,)
            ).fetchone():
                return False
            db.executemany(
                "INSERT INTO chunks (collection, document, id, page, sha256, text) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (collection.key, c.document_id, c.chunk_id, c.page, c.sha256, c.text)
                    for c in chunks
                ],
            )
            db.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)",
                (
                    collection.key,
                    document.document_id,
                    document.name,
                    document.num_pages,
                    document.num_chunks,
                    document.num_bytes,
                ),
            )
            self._forget_unfinished(db, collection, document.document_id)
        return True

    def remove(self, collection: Collection, document_id: str) -> None:
        """Make a document invisible; its vectors count as leftovers until `forget`."""
        key = (collection.key, document_id)
        with self._transaction() as db:
            db.execute("INSERT OR IGNORE INTO unfinished VALUES (?, ?)", key)
            db.execute("DELETE FROM chunks WHERE collection = ? AND document = ?", key)
            db.execute("DELETE FROM documents WHERE collection = ? AND id = ?", key)

    def unfinished(self) -> list[tuple[Collection, str]]:
        """Return the documents whose leftover vectors must be removed, with their collections."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT c.id, c.name, c.model, c.dim, u.document FROM unfinished u "
                "JOIN collections c ON c.id = u.collection"
            ).fetchall()
        return [
            (Collection(key=key, name=name, model_id=model, dim=dim), document)
            for key, name, model, dim, document in rows
        ]

    def forget_unfinished(self, collection: Collection, document_id: str) -> None:
        """Say that the leftovers of a document are gone."""
        with self._transaction() as db:
            self._forget_unfinished(db, collection, document_id)

    @staticmethod
    def _forget_unfinished(db: sqlite3.Connection, collection: Collection, document: str) -> None:
        db.execute(
            "DELETE FROM unfinished WHERE collection = ? AND document = ?",
            (collection.key, document),
        )

    # --- chunks ---

    def chunks(
        self, collection: Collection, chunk_ids: Sequence[str]
    ) -> dict[str, tuple[Chunk, str]]:
        """Return the known ones of `chunk_ids`, each with its document's name."""
        marks = ", ".join("?" * len(chunk_ids))
        with self._transaction() as db:
            rows = db.execute(
                "SELECT c.id, c.document, c.page, c.sha256, c.text, d.name FROM chunks c "  # noqa: S608
                "JOIN documents d ON d.collection = c.collection AND d.id = c.document "
                f"WHERE c.collection = ? AND c.id IN ({marks})",
                (collection.key, *chunk_ids),
            ).fetchall()
        return {
            i: (Chunk(chunk_id=i, document_id=doc, page=page, sha256=sha, text=text), name)
            for i, doc, page, sha, text, name in rows
        }

    def same_content(self, collection: Collection, sha256s: Sequence[str]) -> dict[str, str]:
        """Return SHA-256 → id of a chunk with that very text, for those that exist."""
        marks = ", ".join("?" * len(sha256s))
        with self._transaction() as db:
            rows = db.execute(
                "SELECT sha256, id FROM chunks "  # noqa: S608 (only question marks are put in)
                f"WHERE collection = ? AND sha256 IN ({marks})",
                (collection.key, *sha256s),
            ).fetchall()
        return dict(rows)

    def matching(self, collection: Collection, query: str, top_k: int) -> list[str]:
        """Return ids of chunks that share words with the query, best BM25 first."""
        words = [w for w in re.findall(r"\w+", query.lower()) if w not in _STOP_WORDS][:64]
        if not words:
            return []
        with self._transaction() as db:
            rows = db.execute(
                "SELECT c.id FROM words JOIN chunks c ON c.rowid = words.rowid "
                "WHERE words MATCH ? AND c.collection = ? ORDER BY bm25(words) LIMIT ?",
                (" OR ".join(f'"{word}"' for word in words), collection.key, top_k),
            ).fetchall()
        return [chunk_id for (chunk_id,) in rows]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
