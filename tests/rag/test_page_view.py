"""The page that a passage stands on, as a picture with its place; the files behind it come and go."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.rag.conftest import add, ask
from tests.rag.pdf_material import LEFT, drawn, encoded, pdf, two_columns
from workers.engines.rag.worker import RagWorker
from workers.messages import (
    Chunk,
    Chunks,
    DeleteCollection,
    DeleteDocument,
    Ingest,
    ListChunks,
    Media,
    PageShown,
    PageText,
    ShowPage,
    TextLine,
)
from workers.messages.errors import NotFoundError


def chunks_of(worker: RagWorker, collection: str) -> tuple[Chunk, ...]:
    (listed,) = ask(worker, ListChunks(collection=collection))
    assert isinstance(listed, Chunks)
    return listed.chunks


def shown(worker: RagWorker, chunk: Chunk, page: int | None = None) -> PageShown:
    (event,) = ask(worker, ShowPage(chunk_id=chunk.chunk_id, page=page))
    assert isinstance(event, PageShown)
    return event


def kept_files(data_dir: Path) -> set[str]:
    return {path.name for path in (data_dir / "collections" / "originals").glob("*/*")}


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_the_mark_lies_on_ink(worker: RagWorker, collection: str, turned: int) -> None:
    add(worker, collection, lighthouse__pdf=pdf(two_columns, turned))
    chunk = next(one for one in chunks_of(worker, collection) if LEFT[2] in one.text)
    event = shown(worker, chunk)
    image = Image.open(io.BytesIO(event.picture)).convert("L")
    assert (image.width > image.height) == (turned in (90, 270))
    assert len(event.boxes) >= 3
    for left, top, width, height in event.boxes:
        x, y = left * image.width, top * image.height
        part = image.crop(
            (int(x), int(y), int(x + width * image.width) + 1, int(y + height * image.height) + 1)
        )
        assert min(part.tobytes()) < 128
    ask(worker, DeleteCollection(collection=collection))


def test_a_scan_is_marked_where_ocr_found_its_lines(worker: RagWorker, collection: str) -> None:
    line = TextLine(
        text="Gulls nest in the old chimney of the bakery.",
        box=((90, 26), (450, 26), (450, 78), (90, 78)),
        confidence=1,
    )
    read = PageText(page=1, text=line.text, lines=(line,), width=900, height=130)
    media = Media(name="gulls.png", data=encoded(drawn([line.text]), "PNG"))
    ask(worker, Ingest(collection=collection, documents=(media,), page_texts=(read,)))
    (chunk,) = chunks_of(worker, collection)
    assert shown(worker, chunk).boxes == ((0.1, 0.2, 0.4, 0.4),)


def test_other_pages_are_shown_without_a_mark(worker: RagWorker, handbook: str) -> None:
    chunk = chunks_of(worker, handbook)[0]
    event = shown(worker, chunk, page=20)
    assert (event.page, event.num_pages, event.note) == (20, 25, "")
    with pytest.raises(NotFoundError, match="no page 26"):
        shown(worker, chunk, page=26)


def test_files_go_with_their_document(worker: RagWorker, collection: str, data_dir: Path) -> None:
    (one,) = add(worker, collection, one__pdf=pdf(two_columns))
    document_id = one.document.document_id
    chunk = chunks_of(worker, collection)[0]
    assert document_id in kept_files(data_dir)
    ask(worker, DeleteDocument(document_id=document_id, collection=collection))
    assert document_id not in kept_files(data_dir)
    with pytest.raises(NotFoundError):
        shown(worker, chunk)


def test_a_file_that_is_not_kept_is_said(
    worker: RagWorker, collection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.engines.rag.originals.MAX_BYTES", 10)
    (indexed,) = add(worker, collection, big__pdf=pdf(two_columns))
    assert indexed.status == "added"
    assert "pages cannot be shown later" in indexed.reason
    with pytest.raises(NotFoundError, match="not kept here"):
        shown(worker, chunks_of(worker, collection)[0])


def test_pages_of_files_in_chats_are_not_shown(worker: RagWorker) -> None:
    hidden = f"attached:kept:{'a' * 32}"
    add(worker, hidden, secret__pdf=pdf(two_columns))
    chunk = chunks_of(worker, hidden)[0]
    with pytest.raises(NotFoundError):
        shown(worker, chunk)
    with pytest.raises(NotFoundError):
        ask(worker, ShowPage(chunk_id=chunk.chunk_id, collection=hidden))
