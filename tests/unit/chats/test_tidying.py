"""The page takes out deleted chats while it runs, and what was searched in their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.unit.chats.test_files import long_ago
from ui.core.page_chats import PageChats
from workers.chats import store as chat_store
from workers.messages import (
    CollectionInfo,
    Collections,
    DeleteCollection,
    Event,
    ListCollections,
    Request,
)

LATER_S = 1e9
"""Of a clock that began when the machine did."""


@dataclass(slots=True)
class Documents:
    """Stands for the client: collections by name."""

    names: list[str] = field(default_factory=list)

    async def arun(self, request: Request) -> Sequence[Event]:
        if isinstance(request, DeleteCollection):
            self.names.remove(request.collection)
        assert isinstance(request, (DeleteCollection, ListCollections))
        there = tuple(
            CollectionInfo(name=name, num_documents=1, num_chunks=1) for name in self.names
        )
        return [Collections(request_id="r", collections=there)]


def test_a_deleted_chat_takes_its_files_and_their_index_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_store, "KEPT_AFTER_DELETION_S", -1.0)
    upload = tmp_path / "upload"
    upload.write_text("A long book.")
    documents = Documents()
    chats = PageChats(documents, tmp_path / "data")  # type: ignore[arg-type]
    own = chats.of("anna")
    kept = own.files.keep(upload, "book.txt")
    documents.names = [own.files.collection(kept.id), "Town"]
    chat = own.create().id
    own.add_question(chat, None, "What is it?", {"files": [kept.as_details()]})
    long_ago(own.files, kept.id)
    chats.sweep(LATER_S)
    assert len(documents.names) == 2
    own.delete(chat)
    chats.sweep(2 * LATER_S)
    assert chats.forgetting is not None
    chats.forgetting.join()
    assert documents.names == ["Town"]
    assert list(own.files.folder.iterdir()) == []
    chats.close()
