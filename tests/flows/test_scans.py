"""Scans and pictures become documents that are searched: with the real reader and the real embedder."""

from __future__ import annotations

import pytest

from tests.rag.pdf_material import drawn, encoded, pdf, scanned
from workers.client import Client
from workers.flows.scans import ingest
from workers.messages import (
    DocumentIndexed,
    FindScans,
    Ingest,
    Media,
    Progress,
    Retrieve,
    Retrieved,
    ScansFound,
)

BELL = ["The bell of the harbour", "rings at noon on Sundays."]
GULLS = ["Gulls nest in the old", "chimney of the bakery."]
FILES = {
    "archive.pdf": (pdf(scanned(BELL, stamp="No. 17")), "When does the bell ring?", 2, "noon"),
    "fax.tiff": (
        encoded(drawn(BELL), "TIFF", [drawn(GULLS)]),
        "Where do gulls nest?",
        2,
        "chimney",
    ),
    "loop.gif": (encoded(drawn(BELL), "GIF", [drawn(GULLS)]), "Where do gulls nest?", 2, "bakery"),
    "note.webp": (encoded(drawn(GULLS), "WEBP"), "Where do gulls nest?", 1, "chimney"),
    "white.png": (
        encoded(drawn(GULLS, mode="LA", ink=(255, 255), paper=(0, 0)).convert("RGBA"), "PNG"),
        "Where do gulls nest?",
        1,
        "chimney",
    ),
}


@pytest.mark.parametrize("name", FILES)
async def test_a_scan_is_found_by_what_it_says(client: Client, name: str) -> None:
    data, question, page, word = FILES[name]
    collection = f"scans {name}"
    request = Ingest(collection=collection, documents=(Media(name=name, data=data),))
    events = [event async for event in ingest(client, request)]
    (indexed,) = (event for event in events if isinstance(event, DocumentIndexed))
    assert indexed.status == "added", indexed.reason
    assert "read by OCR" in indexed.reason
    assert any(isinstance(event, Progress) and event.unit == "scans" for event in events)
    (retrieved,) = (
        event
        for event in await client.arun(Retrieve(collection=collection, query=question))
        if isinstance(event, Retrieved)
    )
    best = retrieved.passages[0]
    assert word in best.text
    assert best.page == page


async def test_what_is_there_already_is_not_read_again(client: Client) -> None:
    media = Media(name="again.png", data=encoded(drawn(["Anything at all"]), "PNG"))
    request = Ingest(collection="again", documents=(media,))
    assert [event async for event in ingest(client, request)]
    found = await client.arun(FindScans(document=media, collection="again"))
    assert [event.pages for event in found if isinstance(event, ScansFound)] == [()]


async def test_a_picture_without_words_is_refused_with_what_ocr_found(client: Client) -> None:
    media = Media(name="empty.png", data=encoded(drawn([""]), "PNG"))
    request = Ingest(collection="none", documents=(media,))
    events = [event async for event in ingest(client, request)]
    (indexed,) = (event for event in events if isinstance(event, DocumentIndexed))
    assert indexed.status == "failed"
    assert "OCR found no text on page 1." in indexed.reason
