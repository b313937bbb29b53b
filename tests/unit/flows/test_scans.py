"""Scanned pages are read by OCR before their document is indexed: with a client that plays along."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from types import SimpleNamespace

import pytest

from workers.flows.scans import ScansRead, ingest, read_scans
from workers.messages import (
    Describe,
    DocumentIndexed,
    DocumentInfo,
    Event,
    FindScans,
    Finished,
    Ingest,
    Media,
    PageRendered,
    PictureRead,
    Progress,
    RenderPage,
    Request,
    ScansFound,
    TextLine,
)
from workers.messages.errors import AppError, NotFetchedError, UnsupportedInputError

SCAN = Media(name="scan.pdf", data=b"%PDF-1.7 with pictures")
TEXT = Media(name="notes.txt", data=b"words")
Fails = Callable[[Request], AppError | None]


class ReadingClient:
    """Finds scans on the pages that it is given, and reads "words of page n" on them."""

    def __init__(self, pages: tuple[int, ...], fails: Fails = lambda _request: None) -> None:
        self.pages, self.fails = pages, fails
        self.seen: list[Request] = []
        self.stops_at: type[Request] | None = None
        self.models = SimpleNamespace(all=lambda _modality: ())

    def card(self, _modality: str) -> SimpleNamespace:
        return SimpleNamespace(id="reader", engine="rapidocr")

    async def astream(self, request: Request) -> AsyncGenerator[Event, None]:
        self.seen.append(request)
        key = request.request_id
        if (error := self.fails(request)) is not None:
            raise error
        if self.stops_at is type(request):
            yield Finished(request_id=key, reason="cancelled")
            return
        if isinstance(request, FindScans):
            yield ScansFound(request_id=key, pages=self.pages, num_pages=12)
        elif isinstance(request, RenderPage):
            yield PageRendered(request_id=key, picture=b"%d" % request.page, width=9, height=9)
        elif isinstance(request, Describe):
            words = f"words of page {(request.images[0].data or b'').decode()}"
            line = TextLine(text=words, box=((0, 0), (9, 0), (9, 2), (0, 2)), confidence=1)
            yield PictureRead(request_id=key, index=0, width=9, height=9, lines=(line,))
        elif isinstance(request, Ingest):
            for media in request.documents:
                info = DocumentInfo(
                    document_id="d", name=media.name, num_pages=12, num_chunks=1, num_bytes=1
                )
                yield DocumentIndexed(
                    request_id=key, document=info, status="added", reason="Noted."
                )
        yield Finished(request_id=key)

    def count(self, kind: type[Request]) -> int:
        return sum(isinstance(one, kind) for one in self.seen)


async def taken_in(client: ReadingClient, *documents: Media) -> list[Event]:
    request = Ingest(collection="c", documents=documents)
    events = [event async for event in ingest(client, request)]  # type: ignore[arg-type]
    assert {event.request_id for event in events} == {request.request_id}
    assert sum(isinstance(event, Finished) for event in events) == 1
    return events


async def test_what_is_no_pdf_and_no_picture_is_not_looked_at() -> None:
    client = ReadingClient(pages=(1,))
    await taken_in(client, TEXT)
    assert [type(request) for request in client.seen] == [Ingest]


async def test_scanned_pages_go_into_the_index_with_their_text() -> None:
    client = ReadingClient(pages=(2, 5))
    events = await taken_in(client, TEXT, SCAN)
    (request,) = (one for one in client.seen if isinstance(one, Ingest))
    assert [(one.document, one.page, one.text) for one in request.page_texts] == [
        (1, 2, "words of page 2"),
        (1, 5, "words of page 5"),
    ]
    assert all(one.lines and one.width for one in request.page_texts)
    far = [(one.done, one.total) for one in events if isinstance(one, Progress)]
    assert far == [(0, 2), (1, 2), (2, 2)]


async def test_many_pages_are_drawn_a_few_at_a_time() -> None:
    client = ReadingClient(pages=tuple(range(1, 15)))
    await taken_in(client, SCAN)
    kinds = [type(one) for one in client.seen]
    assert kinds[1:8] == [*[RenderPage] * 6, Describe]
    assert client.count(Describe) == 14


async def test_a_page_that_cannot_be_drawn_costs_that_page_and_is_named() -> None:
    def fails(request: Request) -> AppError | None:
        is_it = isinstance(request, RenderPage) and request.page == 5
        return UnsupportedInputError("Page 5 is damaged.") if is_it else None

    client = ReadingClient(pages=(2, 5, 7), fails=fails)
    events = await taken_in(client, SCAN)
    (indexed,) = (event for event in events if isinstance(event, DocumentIndexed))
    assert indexed.reason == "Noted. OCR could not read page 5: Page 5 is damaged."
    assert client.count(Describe) == 2


async def test_without_a_vision_model_the_rest_is_indexed_and_the_reason_is_said_once() -> None:
    def fails(request: Request) -> AppError | None:
        return (
            NotFetchedError("It is not here.", "Fetch it.")
            if isinstance(request, Describe)
            else None
        )

    client = ReadingClient(pages=tuple(range(1, 13)), fails=fails)
    events = await taken_in(client, SCAN)
    (indexed,) = (event for event in events if isinstance(event, DocumentIndexed))
    assert indexed.status == "added"
    assert indexed.reason.count("It is not here. Fetch it.") == 1
    assert "12 pages" in indexed.reason
    assert client.count(Describe) <= 6


@pytest.mark.parametrize("kind", [FindScans, RenderPage, Describe])
async def test_stop_ends_it_before_anything_is_indexed(kind: type[Request]) -> None:
    client = ReadingClient(pages=(1, 2))
    client.stops_at = kind
    events = await taken_in(client, SCAN)
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "cancelled"
    assert client.count(Ingest) == 0


async def test_more_pages_than_are_read_are_said() -> None:
    client = ReadingClient(pages=tuple(range(1, 321)))
    request = Ingest(collection="c", documents=())
    events = [one async for one in read_scans(client, SCAN, request)]  # type: ignore[arg-type]
    (read,) = (one for one in events if isinstance(one, ScansRead))
    assert len(read.texts) == 300
    assert "20 pages (301, 302," in read.note
    assert "only the first 300" in read.note
