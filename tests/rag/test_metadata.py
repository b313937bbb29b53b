"""What is noted about documents: kept, found again by id, changed, and never lost."""

from __future__ import annotations

import time

import pytest

from tests.rag.conftest import ask
from tests.rag.material import handbook_pdf
from workers.engines.rag.metadata import checked, merged
from workers.engines.rag.worker import RagWorker
from workers.messages import (
    Chunks,
    DeleteCollection,
    DeleteDocument,
    DocumentFound,
    DocumentIndexed,
    DocumentInfo,
    GetDocument,
    Ingest,
    ListChunks,
    Media,
    Metadata,
    Retrieve,
    Retrieved,
    UpdateDocument,
)
from workers.messages.errors import (
    CollectionNotFoundError,
    DocumentNotFoundError,
    UnsupportedInputError,
)

PAPER: Metadata = (("authors", "Ada Lovelace"), ("title", "The handbook"))


def index(
    worker: RagWorker, collection: str, data: bytes, metadata: Metadata = PAPER
) -> DocumentIndexed:
    request = Ingest(
        collection=collection, documents=(Media(name="a.pdf", data=data),), metadata=metadata
    )
    event = ask(worker, request)[-1]
    assert isinstance(event, DocumentIndexed)
    return event


def get(worker: RagWorker, document_id: str, collection: str | None = None) -> DocumentInfo:
    (event,) = ask(worker, GetDocument(document_id=document_id, collection=collection))
    assert isinstance(event, DocumentFound)
    return event.document


def update(worker: RagWorker, document_id: str, collection: str | None, **texts: str) -> Metadata:
    request = UpdateDocument(
        document_id=document_id, collection=collection, metadata=tuple(texts.items())
    )
    (event,) = ask(worker, request)
    assert isinstance(event, DocumentFound)
    return event.document.metadata


def test_metadata_is_found_by_id_alone_and_comes_with_passages(
    worker: RagWorker, collection: str
) -> None:
    indexed = index(worker, collection, handbook_pdf(9))
    (event,) = ask(worker, GetDocument(document_id=indexed.document.document_id))
    assert isinstance(event, DocumentFound)
    assert (event.collection, event.document) == (collection, indexed.document)
    assert event.document.metadata == PAPER
    assert (event.document.chunk_tokens, event.document.overlap_tokens) == (200, 30)
    assert event.document.added_s == pytest.approx(time.time(), abs=120)
    assert event.document.updated_s is None
    (found,) = ask(worker, Retrieve(collection=collection, query="Kowalski", top_k=1))
    assert isinstance(found, Retrieved)
    assert found.passages[0].metadata == PAPER


def test_an_update_keeps_what_it_does_not_name(worker: RagWorker, collection: str) -> None:
    document_id = index(worker, collection, handbook_pdf(2)).document.document_id
    after = update(worker, document_id, collection, title="New", comments="Checked.", authors="")
    assert after == (("comments", "Checked."), ("title", "New"))
    document = get(worker, document_id, collection)
    assert document.updated_s is not None
    assert document.added_s is not None
    assert document.updated_s >= document.added_s


def test_indexing_again_leaves_the_metadata(worker: RagWorker, collection: str) -> None:
    index(worker, collection, handbook_pdf(2))
    again = index(worker, collection, handbook_pdf(2), (("title", "Other"),))
    assert (again.status, again.document.metadata) == ("unchanged", PAPER)


def test_a_document_of_two_collections_is_changed_in_the_one_that_is_named(
    worker: RagWorker, collection: str
) -> None:
    twin = f"{collection[:70]} twin"
    data = handbook_pdf(1)
    document_id = index(worker, collection, data).document.document_id
    index(worker, twin, data)
    with pytest.raises(UnsupportedInputError, match=r"2 collections .* twin”"):
        ask(worker, UpdateDocument(document_id=document_id, metadata=()))
    with pytest.raises(UnsupportedInputError, match="2 collections"):
        ask(worker, DeleteDocument(document_id=document_id, collection=None))
    update(worker, document_id, twin, title="Mine")
    assert dict(get(worker, document_id, twin).metadata)["title"] == "Mine"
    assert dict(get(worker, document_id, collection).metadata)["title"] == "The handbook"
    ask(worker, DeleteDocument(document_id=document_id, collection=twin))
    ask(worker, DeleteDocument(document_id=document_id, collection=None))
    with pytest.raises(DocumentNotFoundError):
        get(worker, document_id)
    ask(worker, DeleteCollection(collection=twin))


def test_chunks_are_listed_in_reading_order(worker: RagWorker, collection: str) -> None:
    first = index(worker, collection, handbook_pdf(4)).document
    second = index(worker, collection, handbook_pdf(3)).document
    (event,) = ask(worker, ListChunks(collection=collection, document_id=first.document_id))
    assert isinstance(event, Chunks)
    assert len(event.chunks) == first.num_chunks
    assert [chunk.page for chunk in event.chunks] == sorted(c.page or 0 for c in event.chunks)
    (everything,) = ask(worker, ListChunks(collection=collection))
    assert isinstance(everything, Chunks)
    assert len(everything.chunks) == first.num_chunks + second.num_chunks
    assert set(event.chunks) <= set(everything.chunks)


def test_what_is_not_there_is_reported(worker: RagWorker, handbook: str) -> None:
    with pytest.raises(DocumentNotFoundError, match="'f00'"):
        get(worker, "f00")
    with pytest.raises(DocumentNotFoundError, match="handbook"):
        ask(worker, ListChunks(collection=handbook, document_id="f00"))
    with pytest.raises(CollectionNotFoundError, match="nowhere"):
        ask(worker, ListChunks(collection="nowhere"))
    with pytest.raises(CollectionNotFoundError, match="nowhere"):
        get(worker, "f00", "nowhere")


def test_a_refused_update_changes_nothing(worker: RagWorker, collection: str) -> None:
    document_id = index(worker, collection, handbook_pdf(2)).document.document_id
    with pytest.raises(UnsupportedInputError, match="20,001 characters"):
        update(worker, document_id, collection, abstract="x" * 20_001)
    assert get(worker, document_id, collection).metadata == PAPER
    with pytest.raises(UnsupportedInputError, match="65 keys"):
        index(worker, "never made", b"text", tuple((f"k{n}", "v") for n in range(65)))
    with pytest.raises(CollectionNotFoundError):
        ask(worker, ListChunks(collection="never made"))


def test_metadata_is_sorted_and_has_no_blanks() -> None:
    assert checked((("b", "2"), ("a", "1"), ("c", ""))) == (("a", "1"), ("b", "2"))
    assert merged((("a", "1"), ("b", "2")), (("b", ""), ("c", "3"))) == (("a", "1"), ("c", "3"))
    with pytest.raises(UnsupportedInputError, match="0 characters"):
        checked((("", "text"),))
