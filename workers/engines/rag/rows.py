"""Rows of the document store ⇄ the values that messages are made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from workers.messages import Chunk, DocumentInfo, Metadata

from .lexical import parts_of, title_of

DOCUMENT = (
    "id, name, num_pages, num_chunks, num_bytes, metadata, chunk_tokens, overlap_tokens, "
    "added_s, updated_s"
)
CHUNK = "id, document, page, sha256, text, place"


def to_document(row: Sequence[Any]) -> DocumentInfo:
    """Return the document of a row with the columns of `DOCUMENT`."""
    return DocumentInfo(
        document_id=row[0],
        name=row[1],
        num_pages=row[2],
        num_chunks=row[3],
        num_bytes=row[4],
        metadata=tuple(sorted(json.loads(row[5]).items())),
        chunk_tokens=row[6],
        overlap_tokens=row[7],
        added_s=row[8],
        updated_s=row[9],
    )


def document_row(document: DocumentInfo) -> tuple[Any, ...]:
    """Return the values for the columns of `DOCUMENT`."""
    return (
        document.document_id,
        document.name,
        document.num_pages,
        document.num_chunks,
        document.num_bytes,
        to_json(document.metadata),
        document.chunk_tokens,
        document.overlap_tokens,
        document.added_s,
        document.updated_s,
    )


def chunk_row(chunk: Chunk, document_name: str) -> tuple[Any, ...]:
    """Return the values for the columns document to parts of a chunk: what is kept, and what is looked up."""
    text = chunk.text
    kept = (chunk.document_id, chunk.chunk_id, chunk.page, chunk.sha256, text, to_json(chunk.place))
    return (*kept, title_of(document_name), parts_of(text))


def to_json(metadata: Metadata) -> str:
    """Return metadata as it is stored: a JSON object."""
    return json.dumps(dict(metadata), ensure_ascii=False)


def to_chunk(row: Sequence[Any]) -> Chunk:
    """Return the chunk of a row with the columns of `CHUNK`."""
    return Chunk(
        chunk_id=row[0],
        document_id=row[1],
        page=row[2],
        sha256=row[3],
        text=row[4],
        place=tuple(json.loads(row[5]).items()),
    )
