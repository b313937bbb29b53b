"""An index of an earlier version opens as it is; one of a later version is refused unharmed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rag.conftest import add, ask
from tests.rag.material import word_file
from tests.rag.test_worker import find
from workers.engines.rag.document_store import DocumentStore
from workers.engines.rag.worker import RagWorker
from workers.messages import Chunks, DocumentFound, GetDocument, ListChunks, UpdateDocument
from workers.messages.errors import LoadError

VERSION_0 = """
CREATE TABLE collections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT UNIQUE NOT NULL, model TEXT NOT NULL, dim INTEGER NOT NULL);
CREATE TABLE documents (
    collection INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    num_pages INTEGER, num_chunks INTEGER NOT NULL, num_bytes INTEGER NOT NULL,
    PRIMARY KEY (collection, id));
CREATE TABLE chunks (
    rowid INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL, document TEXT NOT NULL, id TEXT NOT NULL,
    page INTEGER, sha256 TEXT NOT NULL, text TEXT NOT NULL,
    UNIQUE (collection, id));
CREATE TABLE unfinished (
    collection INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (collection, document));
CREATE TABLE dropped (collection INTEGER PRIMARY KEY);
CREATE VIRTUAL TABLE words USING fts5 (
    text, content='chunks', content_rowid='rowid',
    tokenize="porter unicode61 remove_diacritics 2");
CREATE TRIGGER chunk_added AFTER INSERT ON chunks BEGIN
    INSERT INTO words (rowid, text) VALUES (new.rowid, new.text); END;
ATTACH ? AS new;
"""
"""The tables of version 0.1.0, copied from its source."""

COPY = """
INSERT INTO collections SELECT id, name, model, dim FROM new.collections;
INSERT INTO documents SELECT collection, id, name, num_pages, num_chunks, num_bytes
    FROM new.documents;
INSERT INTO chunks SELECT rowid, collection, document, id, page, sha256, text FROM new.chunks;
"""


def write_as_before(path: Path) -> None:
    """Rewrite a document store as version 0.1.0 would have left it, beside the same vectors."""
    old = path.with_name("old.sqlite3")
    with sqlite3.connect(old) as db:
        db.executescript(VERSION_0.replace("?", f"'{path}'"))
        db.executescript(COPY)
    db.close()
    for part in path.parent.glob(f"{path.name}*"):
        part.unlink()
    old.rename(path)


def test_an_index_of_version_0_1_0_still_answers(
    open_worker: Callable[[Path], RagWorker], tmp_path: Path
) -> None:
    first = open_worker(tmp_path)
    (indexed,) = add(first, "garden", garden__docx=word_file())
    first.close()
    write_as_before(tmp_path / "collections" / "ledger.sqlite3")

    second = open_worker(tmp_path)
    passage = find(second, "garden", "When are tomatoes watered?")[0]
    assert (passage.document_name, passage.metadata) == ("garden.docx", ())
    document_id = indexed.document.document_id
    (event,) = ask(second, GetDocument(document_id=document_id))
    assert isinstance(event, DocumentFound)
    assert event.document.num_chunks == indexed.document.num_chunks
    assert (event.document.chunk_tokens, event.document.added_s) == (None, None)
    (listed,) = ask(second, ListChunks(collection="garden"))
    assert isinstance(listed, Chunks)
    assert len(listed.chunks) == indexed.document.num_chunks
    ask(second, UpdateDocument(document_id=document_id, metadata=(("title", "Plants"),)))
    assert add(second, "garden", garden__docx=word_file())[0].status == "unchanged"
    assert add(second, "garden", more__md=b"# Roses\n\nCut in March.")[0].status == "added"
    second.close()

    third = open_worker(tmp_path)
    assert find(third, "garden", "tomatoes")[0].metadata == (("title", "Plants"),)


def test_an_index_of_a_later_version_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    DocumentStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LoadError, match="layout 99"):
        DocumentStore(path)
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (99,)
    db.close()


def test_old_passages_are_found_by_title_and_by_parts_of_identifiers(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with sqlite3.connect(path) as db:
        db.executescript(VERSION_0.partition("ATTACH")[0])
        db.execute("INSERT INTO collections VALUES (1, 'old', 'minilm', 384)")
        db.execute("INSERT INTO documents VALUES (1, 'd', 'harbour_rules.md', NULL, 1, 9)")
        db.execute(
            "INSERT INTO chunks (collection, document, id, page, sha256, text) "
            "VALUES (1, 'd', 'd:0', NULL, 'x', 'Set maxKeepaliveConnections to four.')"
        )
    db.close()
    store = DocumentStore(path)
    collection = store.collection("old")
    assert collection is not None
    assert set(store.matching(collection, "rules of the harbour", 5)) == {"d:0"}
    assert set(store.matching(collection, "keepalive", 5)) == {"d:0"}
    store.remove(collection, "d")
    assert store.matching(collection, "keepalive", 5) == {}
    store.close()
