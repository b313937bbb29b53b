"""What is in each collection: one small SQLite file beside the vectors.

It holds the names, the texts and their word index (FTS5), and it decides what is complete: the row
of a document and all its chunks appear in one transaction, after their vectors were written. A
vector without a row here is a leftover; `unfinished` names the documents that may have some.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workers.messages import Chunk, CollectionInfo, DocumentInfo, Metadata

from .disk import disk_errors
from .lexical import query_words
from .rows import CHUNK, DOCUMENT, chunk_row, document_row, to_chunk, to_document, to_json
from .schema import bring_up_to_date


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


class DocumentStore:
    """The SQLite file; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Raises: DiskFullError, LoadError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._folder = path.parent
        self._lock = threading.RLock()
        with disk_errors(self._folder):
            self._db = sqlite3.connect(path, check_same_thread=False)
            bring_up_to_date(self._db)

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
        with self._transaction() as db:
            row = db.execute(
                f"SELECT {DOCUMENT} FROM documents WHERE collection = ? AND id = ?",  # noqa: S608
                (collection.key, document_id),
            ).fetchone()
        return row and to_document(row)

    def documents(self, collection: Collection) -> tuple[DocumentInfo, ...]:
        """Return the complete documents, by name."""
        with self._transaction() as db:
            rows = db.execute(
                f"SELECT {DOCUMENT} FROM documents WHERE collection = ? ORDER BY name, id",  # noqa: S608
                (collection.key,),
            ).fetchall()
        return tuple(to_document(row) for row in rows)

    def collections_with(self, document_id: str) -> tuple[Collection, ...]:
        """Return the collections that hold a complete document, by name."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT c.id, c.name, c.model, c.dim FROM documents d "
                "JOIN collections c ON c.id = d.collection WHERE d.id = ? ORDER BY c.name",
                (document_id,),
            ).fetchall()
        return tuple(Collection(key=k, name=n, model_id=m, dim=d) for k, n, m, d in rows)

    def note(
        self, collection: Collection, document_id: str, metadata: Metadata, updated_s: float
    ) -> None:
        """Replace a document's metadata."""
        with self._transaction() as db:
            db.execute(
                "UPDATE documents SET metadata = ?, updated_s = ? WHERE collection = ? AND id = ?",
                (to_json(metadata), updated_s, collection.key, document_id),
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
                "INSERT INTO chunks (collection, document, id, page, sha256, text, place, title, parts) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(collection.key, *chunk_row(chunk, document.name)) for chunk in chunks],
            )
            db.execute(
                f"INSERT INTO documents (collection, {DOCUMENT}) "  # noqa: S608 (our names)
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (collection.key, *document_row(document)),
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
    ) -> dict[str, tuple[Chunk, DocumentInfo]]:
        """Return the known ones of `chunk_ids`, each with its document."""
        marks = ", ".join("?" * len(chunk_ids))
        with self._transaction() as db:
            rows = db.execute(
                f"SELECT {CHUNK} FROM chunks "  # noqa: S608 (only names and marks are put in)
                f"WHERE collection = ? AND id IN ({marks})",
                (collection.key, *chunk_ids),
            ).fetchall()
            chunks = [to_chunk(row) for row in rows]
            found = {chunk.document_id for chunk in chunks}
            of = {document: self.document(collection, document) for document in found}
        return {
            chunk.chunk_id: (chunk, document)
            for chunk in chunks
            if (document := of[chunk.document_id]) is not None
        }

    def chunks_of(self, collection: Collection, document_id: str | None) -> tuple[Chunk, ...]:
        """Return the chunks of one document in reading order; None: of all, document by document."""
        with self._transaction() as db:
            rows = db.execute(
                f"SELECT {CHUNK} FROM chunks WHERE collection = ? "  # noqa: S608 (our names)
                "AND (? IS NULL OR document = ?) ORDER BY rowid",
                (collection.key, document_id, document_id),
            ).fetchall()
        return tuple(to_chunk(row) for row in rows)

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

    def matching(
        self, collection: Collection, query: str, top_k: int, only: Sequence[str] | None = None
    ) -> dict[str, float]:
        """Return id → BM25 of chunks (`only` these) that share words with the query, best first."""
        any_of = " OR ".join(f'"{word}"' for word in query_words(query))
        if not any_of:
            return {}
        with self._transaction() as db:
            rows = db.execute(
                "SELECT c.id, bm25(words) FROM words JOIN chunks c ON c.rowid = words.rowid "
                "WHERE words MATCH ?1 AND c.collection = ?2 AND (?3 IS NULL OR c.id IN "
                "(SELECT value FROM json_each(?3))) ORDER BY bm25(words) LIMIT ?4",
                (any_of, collection.key, json.dumps(only) if only is not None else None, top_k),
            ).fetchall()
        return {chunk_id: -score for chunk_id, score in rows}

    def chunk_ids(
        self, collection: Collection, documents: Sequence[str], pages: tuple[int, int] | None
    ) -> list[str]:
        """Return the ids of the chunks of some documents; of those pages, if some are named."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT id FROM chunks WHERE collection = ? AND document IN "
                "(SELECT value FROM json_each(?)) AND (? IS NULL OR page BETWEEN ? AND ?)",
                (collection.key, json.dumps(documents), pages and 1, *(pages or (None, None))),
            ).fetchall()
        return [chunk_id for (chunk_id,) in rows]

    def word_places(
        self, collection: Collection, word: str, chunk_ids: Sequence[str]
    ) -> tuple[int, set[str]]:
        """Return how many chunks of all collections have a word or phrase, and which of `chunk_ids` do."""
        phrase = f'"{word.replace(chr(34), " ")}"'
        marks = ", ".join("?" * len(chunk_ids))
        with self._transaction() as db:
            (count,) = db.execute(
                "SELECT count(*) FROM words WHERE words MATCH ?", (phrase,)
            ).fetchone()
            rows = db.execute(
                "SELECT c.id FROM words JOIN chunks c ON c.rowid = words.rowid "  # noqa: S608 (marks)
                f"WHERE words MATCH ? AND c.collection = ? AND c.id IN ({marks})",
                (phrase, collection.key, *chunk_ids),
            ).fetchall()
        return int(count), {chunk_id for (chunk_id,) in rows}

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
