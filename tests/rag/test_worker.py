"""Collections: index, find, delete, and come back after a restart."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.rag.conftest import add, ask
from tests.rag.material import QUESTIONS, encrypted_pdf, handbook_pdf, scanned_pdf, word_file
from workers.engines.contract import CancelToken
from workers.engines.rag.worker import RagWorker
from workers.messages import (
    Collections,
    DeleteCollection,
    DeleteDocument,
    DocumentIndexed,
    Documents,
    Ingest,
    ListCollections,
    ListDocuments,
    Media,
    Passage,
    Progress,
    Retrieve,
    Retrieved,
)
from workers.messages.errors import NotFoundError, UnsupportedInputError

OpenWorker = Callable[[Path], RagWorker]


def find(worker: RagWorker, collection: str, query: str, top_k: int = 6) -> tuple[Passage, ...]:
    (event,) = ask(worker, Retrieve(collection=collection, query=query, top_k=top_k))
    assert isinstance(event, Retrieved)
    return event.passages


def names(worker: RagWorker) -> list[str]:
    (event,) = ask(worker, ListCollections())
    assert isinstance(event, Collections)
    return [collection.name for collection in event.collections]


def num_vectors(worker: RagWorker, collection: str) -> int:
    opened = worker._index.document_store.collection(collection)
    assert opened is not None
    zero = worker._embedder.embed(["anything"])[0]
    return len(worker._index.store.nearest(opened.space, zero, 1000))


def test_right_page_comes_first(worker: RagWorker, handbook: str) -> None:
    first = [find(worker, handbook, question)[0] for question, _ in QUESTIONS]
    right = [p.page == page for p, (_, page) in zip(first, QUESTIONS, strict=True)]
    assert sum(right) >= 9
    assert all(passage.document_name == "handbook.pdf" for passage in first)
    assert all(-1.0 <= passage.score <= 1.0 for passage in first)


def test_rare_word_is_found_although_no_vector_knows_it(worker: RagWorker, handbook: str) -> None:
    assert find(worker, handbook, "Kowalski", top_k=3)[0].page == 3
    assert find(worker, handbook, "4471", top_k=3)[0].page == 8


def test_progress_counts_all_chunks(worker: RagWorker, collection: str) -> None:
    document = Media(name="a.pdf", data=handbook_pdf(5))
    events = ask(worker, Ingest(collection=collection, documents=(document,)))
    chunks = [e for e in events if isinstance(e, Progress) and e.unit == "chunks"]
    assert [e.done for e in chunks] == sorted(e.done for e in chunks)
    assert (chunks[-1].done, chunks[-1].what) == (chunks[-1].total, "a.pdf")
    assert isinstance(events[-1], DocumentIndexed)


def test_indexing_twice_changes_nothing(worker: RagWorker, collection: str) -> None:
    assert add(worker, collection, a__docx=word_file())[0].status == "added"
    before = num_vectors(worker, collection)
    (again,) = add(worker, collection, b__docx=word_file())
    assert (again.status, again.document.name) == ("unchanged", "b.docx")
    assert "a.docx" in again.reason
    assert num_vectors(worker, collection) == before


def test_changed_file_embeds_only_what_is_new(worker: RagWorker, collection: str) -> None:
    add(worker, collection, a__pdf=handbook_pdf(6))
    embedded: list[str] = []
    original = worker._embedder.embed

    def noting(texts: Sequence[str], *how: Any) -> Any:
        embedded.extend(texts)
        return original(texts, *how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker._embedder, "embed", noting)
        (indexed,) = add(worker, collection, a__pdf=handbook_pdf(8))
    assert indexed.status == "added"
    assert "Another version of a.pdf" in indexed.reason
    assert len(embedded) == 2


def test_bad_files_do_not_stop_good_ones(worker: RagWorker, collection: str) -> None:
    indexed = add(
        worker,
        collection,
        secret__pdf=encrypted_pdf(),
        setup__pdf=b"MZ" + bytes(99),
        empty__txt=b"",
        garden__docx=word_file(),
    )
    assert [event.status for event in indexed] == ["failed", "failed", "failed", "added"]
    assert "password" in indexed[0].reason
    assert find(worker, collection, "When are tomatoes watered?")[0].document_name == "garden.docx"


def test_page_without_text_is_reported(worker: RagWorker, collection: str) -> None:
    (indexed,) = add(worker, collection, scan__pdf=scanned_pdf())
    assert indexed.status == "added"
    assert "Page 3 has no text layer" in indexed.reason


def test_file_that_has_gone_is_reported(worker: RagWorker, collection: str, tmp_path: Path) -> None:
    gone = Media(name="gone.pdf", path=str(tmp_path / "gone.pdf"))
    (event,) = ask(worker, Ingest(collection=collection, documents=(gone,)))
    assert isinstance(event, DocumentIndexed)
    assert event.status == "failed"
    assert "gone.pdf" in event.reason


def test_deleting_a_document_removes_its_vectors(worker: RagWorker, collection: str) -> None:
    (kept,) = add(worker, collection, a__docx=word_file())
    (doomed,) = add(worker, collection, b__pdf=handbook_pdf(4))
    before = num_vectors(worker, collection)
    request = DeleteDocument(collection=collection, document_id=doomed.document.document_id)
    (event,) = ask(worker, request)
    assert isinstance(event, Documents)
    assert event.documents == (kept.document,)
    assert num_vectors(worker, collection) == before - doomed.document.num_chunks
    assert all(p.document_name == "a.docx" for p in find(worker, collection, "annual leave"))
    with pytest.raises(NotFoundError):
        ask(worker, request)
    assert add(worker, collection, b__pdf=handbook_pdf(4))[0].status == "added"


def test_deleting_a_collection_removes_everything(worker: RagWorker, collection: str) -> None:
    add(worker, collection, a__docx=word_file())
    opened = worker._index.open(collection)
    ask(worker, DeleteCollection(collection=collection))
    assert collection not in names(worker)
    assert worker._index.store.nearest(opened.space, worker._embedder.embed(["x"])[0], 5) == []
    with pytest.raises(NotFoundError, match=collection[:10]):
        find(worker, collection, "anything")
    add(worker, collection, b__md=b"# New\n\nOnly this is here now.")
    assert [p.document_name for p in find(worker, collection, "tomatoes")] == ["b.md"]


@pytest.mark.parametrize("name", ["日本語の文書", "a/b\\c:*?", "Ünï cödé 😀", "../../etc", "'; --"])
def test_any_name_will_do(worker: RagWorker, name: str) -> None:
    add(worker, name, a__txt=b"The heron stands on one leg.")
    assert name in names(worker)
    assert find(worker, f"  {name} ", "Which bird stands?")[0].text.startswith("The heron")
    ask(worker, DeleteCollection(collection=name))
    assert name not in names(worker)


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\x00b"])
def test_bad_collection_name_is_refused(worker: RagWorker, name: str) -> None:
    with pytest.raises(UnsupportedInputError, match="name"):
        add(worker, name, a__txt=b"text")


@pytest.mark.parametrize(("query", "top_k"), [(" ", 6), ("x", 0), ("x", 51)])
def test_bad_question_is_refused(worker: RagWorker, handbook: str, query: str, top_k: int) -> None:
    with pytest.raises(UnsupportedInputError):
        find(worker, handbook, query, top_k)


def test_ingest_without_files_creates_an_empty_collection(
    worker: RagWorker, collection: str
) -> None:
    assert ask(worker, Ingest(collection=collection, documents=())) == []
    assert find(worker, collection, "anything") == ()
    (event,) = ask(worker, ListDocuments(collection=collection))
    assert isinstance(event, Documents)
    assert event.documents == ()


def test_cancel_keeps_finished_files_and_no_half_ones(worker: RagWorker, collection: str) -> None:
    documents = (
        Media(name="small.md", data=b"# Short\n\nJust one thing."),
        Media(name="big.pdf", data=handbook_pdf(40)),
    )
    cancel = CancelToken()
    indexed = []
    for event in worker.handle(Ingest(collection=collection, documents=documents), cancel):
        if isinstance(event, DocumentIndexed):
            indexed.append(event.document.name)
        if isinstance(event, Progress) and event.what == "big.pdf" and event.done >= 36:
            cancel.cancel()
    assert indexed == ["small.md"]
    assert num_vectors(worker, collection) == 1
    assert add(worker, collection, big__pdf=handbook_pdf(40))[0].status == "added"


def test_question_is_answered_while_indexing(
    worker: RagWorker, handbook: str, collection: str
) -> None:
    cancel = CancelToken()
    started = threading.Event()

    def index() -> None:
        document = Media(name="big.pdf", data=handbook_pdf(60))
        for event in worker.handle(Ingest(collection=collection, documents=(document,)), cancel):
            if isinstance(event, Progress) and event.unit == "chunks":
                started.set()

    thread = threading.Thread(target=index)
    thread.start()
    try:
        assert started.wait(30)
        assert find(worker, handbook, "Where do we gather when there is a fire?")[0].page == 4
        assert thread.is_alive()
    finally:
        cancel.cancel()
        thread.join(30)
    assert not thread.is_alive()


def test_same_file_twice_at_once_is_indexed_once(worker: RagWorker, collection: str) -> None:
    statuses: list[str] = []

    def index() -> None:
        statuses.append(add(worker, collection, a__pdf=handbook_pdf(10))[0].status)

    worker._index.open_or_create(collection)
    threads = [threading.Thread(target=index) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == ["added", "unchanged"]


def test_index_survives_a_restart(open_worker: OpenWorker, tmp_path: Path) -> None:
    first = open_worker(tmp_path)
    add(first, "garden", garden__docx=word_file())
    first.close()
    second = open_worker(tmp_path)
    assert find(second, "garden", "When are tomatoes watered?")[0].document_name == "garden.docx"
    assert add(second, "garden", garden__docx=word_file())[0].status == "unchanged"


def test_collection_of_another_model_is_refused(worker: RagWorker, collection: str) -> None:
    worker._index.document_store.create_collection(collection, "other-model@123", 768)
    for attempt in (
        lambda: find(worker, collection, "anything"),
        lambda: add(worker, collection, a__txt=b"text"),
    ):
        with pytest.raises(UnsupportedInputError, match=r"other-model@123 \(768") as caught:
            attempt()
        assert "384" in caught.value.message
    ask(worker, DeleteCollection(collection=collection))
    assert collection not in names(worker)


def test_the_document_store_is_a_plain_database_file(
    worker: RagWorker, data_dir: Path, handbook: str
) -> None:
    with sqlite3.connect(data_dir / "collections" / "ledger.sqlite3") as database:
        (count,) = database.execute("SELECT count(*) FROM unfinished").fetchone()
    assert count == 0


def test_cancel_is_heard_within_a_batch(worker: RagWorker, collection: str) -> None:
    cancel = CancelToken()
    request = Ingest(
        collection=collection, documents=(Media(name="big.pdf", data=handbook_pdf(40)),)
    )
    num_after = 0
    for event in worker.handle(request, cancel):
        if cancel.is_cancelled:
            num_after += 1
        if isinstance(event, Progress) and event.unit == "chunks":
            cancel.cancel()
    assert num_after == 0
