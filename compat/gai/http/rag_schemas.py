"""Gai/Gen's bodies for documents."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from .schemas import Text


class RetrieveBody(BaseModel):
    """POST /gen/v1/rag/retrieve."""

    collection_name: Text
    query_texts: Text
    n_results: int = 3
    format: Literal["columns", "records"] | None = None
    only_files: list[Text] = []
    """Where to look, which the original does not know: names of files, `*` is anything…"""
    only_types: list[Text] = []
    """…their kinds: "pdf", "md"…"""
    only_pages: Text = ""
    """…pages: "3" or "3-5"…"""
    only_since: Text = ""
    """…and the days when they were added: "2026-11-30", both included."""
    only_until: Text = ""


class DocumentBody(BaseModel):
    """POST /gen/v1/rag/document, with the names of the columns; what is left out is kept (GG15).

    A whole document as GET gave it may be sent back: columns that cannot be changed are ignored.
    """

    model_config = ConfigDict(extra="ignore")

    Id: Text
    CollectionName: Text | None = None
    FileName: Text | None = None
    Source: Text | None = None
    Abstract: Text | None = None
    Authors: Text | None = None
    Title: Text | None = None
    Publisher: Text | None = None
    PublishedDate: Text | None = None
    Comments: Text | None = None
