"""Gai/Gen's documents ⇄ messages. Pure functions.

A document's id is the SHA-256 of its file, not a uuid4: the same file is the same document. Sizes of
chunks are in tokens, not in characters.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from workers.messages import Chunk, DocumentInfo, Metadata, PageShown, Passage, UpdateDocument

from .rag_schemas import DocumentBody
from .schemas import Text

Json = dict[str, Any]

COLUMNS = {
    "FileName": "filename",
    "Source": "source",
    "Abstract": "abstract",
    "Authors": "authors",
    "Title": "title",
    "Publisher": "publisher",
    "PublishedDate": "published_date",
    "Comments": "comments",
}
"""Column → key of the metadata."""
SPLITTER = "structure"
"""At headings, pages and sentences."""
_OBJECT = TypeAdapter(dict[Text, Any])


def page_row(shown: PageShown) -> Json:
    """Return a page as JSON: its picture as base64 of a PNG, boxes as shares of the page."""
    return {
        "document_name": shown.name,
        "page": shown.page,
        "num_pages": shown.num_pages,
        "boxes": [list(box) for box in shown.boxes],
        "note": shown.note,
        "picture": base64.b64encode(shown.picture).decode(),
    }


def to_metadata(text: str) -> Metadata:
    """Return the form's JSON text as metadata; lists of texts are joined, null is left out.

    Raises: RequestValidationError if it is no JSON object.
    """
    try:
        given = _OBJECT.validate_json(text or "{}")
    except ValidationError as err:
        finding = err.errors()[0]
        place = ("body", "metadata", *finding["loc"])
        raise RequestValidationError(
            [{"loc": place, "msg": finding["msg"], "type": finding["type"]}]
        ) from err
    return tuple((key, _as_text(value)) for key, value in given.items() if value is not None)


def to_update(body: DocumentBody, collection: str | None) -> UpdateDocument:
    """Return the change that the body asks for."""
    given = {key: getattr(body, column) for column, key in COLUMNS.items()}
    return UpdateDocument(
        document_id=body.Id,
        collection=collection or body.CollectionName,
        metadata=tuple((key, text) for key, text in given.items() if text is not None),
    )


def columns(passages: Sequence[Passage]) -> Json | None:
    """Return the answer column by column; null for nothing found (GG7)."""
    found = records(passages)
    if not found:
        return None
    names = ("documents", "metadatas", "distances", "ids")
    return {name: {row["rank"]: row[name] for row in found} for name in names}


def records(passages: Sequence[Passage]) -> list[Json]:
    """Return the answer row by row, nearest first; passages of the same text are one row."""
    nearest = sorted(passages, key=lambda passage: -passage.score)
    rows: dict[str, Json] = {}
    for rank, passage in enumerate(nearest):
        chunk_id = _sha256(passage.text)
        rows.setdefault(
            chunk_id,
            {
                "rank": str(rank),
                "ids": chunk_id,
                "documents": passage.text,
                "metadatas": _metadata_of(passage),
                "distances": max(0.0, 1.0 - passage.score),
            },
        )
    return list(rows.values())


def document_row(document: DocumentInfo) -> Json:
    """Return one line of a collection's list."""
    noted = dict(document.metadata)
    return {
        "id": document.document_id,
        "title": noted.get("title", document.name),
        "size": document.num_bytes,
        "chunk_count": document.num_chunks,
        "chunk_size": document.chunk_tokens,
        "overlap_size": document.overlap_tokens,
        "source": noted.get("source"),
    }


def document_object(
    collection: str, document: DocumentInfo, chunks: Iterable[Chunk] | None = None
) -> Json:
    """Return all columns of a document, and its chunks if they are given."""
    noted = {"filename": document.name, **dict(document.metadata)}
    body: Json = {
        "Id": document.document_id,
        "CollectionName": collection,
        "ChunkCount": document.num_chunks,
        "ByteSize": document.num_bytes,
        "ChunkSize": document.chunk_tokens,
        "Overlap": document.overlap_tokens,
        "SplitAlgo": SPLITTER,
        **{column: noted.get(key) for column, key in COLUMNS.items()},
        "IsActive": True,
        "CreatedAt": _date(document.added_s),
        "UpdatedAt": _date(document.updated_s or document.added_s),
    }
    if chunks is None:
        return body
    listed = [{"Id": c.chunk_id, "ChunkId": c.sha256, "DocumentId": c.document_id} for c in chunks]
    return {**body, "chunks": listed}


def _metadata_of(passage: Passage) -> Json:
    return {
        "filename": passage.document_name,
        **dict(passage.metadata),
        "document_id": passage.document_id,
        "page": passage.page,
        **({"place": dict(passage.place)} if passage.place else {}),
    }


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value)


def _sha256(text: str) -> str:
    """Return the id of a chunk: equal texts are one."""
    return hashlib.sha256(text.encode()).hexdigest()


def _date(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
