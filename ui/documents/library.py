"""What happens on each click of the RAG tab's sidebar: files come, documents and collections go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from ui.core.callers import caller_of
from ui.core.drop_area import uploaded_paths
from ui.core.render import note_html
from ui.core.request import Update, update_or_error
from workers.client import Client
from workers.flows.intake import DocumentIntake
from workers.flows.removal import Removals
from workers.messages import (
    CollectionInfo,
    Collections,
    DocumentInfo,
    Documents,
    Ingest,
    ListCollections,
    ListDocuments,
    Media,
)

from .layout import EXAMPLE, FIRST_COLLECTION, LibraryParts
from .library_view import Library, collection_choices, library_html

DELETE = "delete documents"
MAX_NAME_CHARS = 200
MAX_TOP_K = 20


class LibraryHandlers:
    """One method per event. Holds no state of any browser."""

    def __init__(
        self, client: Client, parts: LibraryParts, intake: DocumentIntake, removals: Removals
    ) -> None:
        self._client = client
        self._parts = parts
        self._intake = intake
        self._removals = removals

    async def on_look(self, name: str) -> Update:
        """Show what is there: the collections, and the documents of the chosen one."""
        return await update_or_error(self._shown(name), self._parts.status)

    async def on_choose(self, name: str) -> Update:
        """Show another collection."""
        return await update_or_error(self._chosen(name), self._parts.status)

    async def on_files(self, name: str, event: gr.EventData) -> Update:
        """Begin to read what was uploaded: it goes on whoever leaves."""
        self._add(name, uploaded_paths(event))
        return await self.on_choose(name)

    async def on_example(self, name: str) -> Update:
        """Begin to read the handbook that comes with the page."""
        self._add(name, [str(EXAMPLE)])
        return await self.on_choose(name)

    async def on_act(self, name: str, event: gr.EventData, caller: gr.Request) -> Update:
        """Delete, have back, stop, or take off the list."""
        given = event._data if isinstance(event._data, dict) else {}
        act, key = str(given.get("act", "")), str(given.get("id", ""))
        return await update_or_error(self._acted(name, act, key, caller), self._parts.status)

    async def on_create(self, name: str) -> Update:
        """Make an empty collection and choose it."""
        return await update_or_error(self._create(name), self._parts.status)

    async def on_delete_collection(self, name: str, caller: gr.Request) -> Update:
        """Take the chosen collection off the list, and delete it unless that is undone."""
        return await update_or_error(self._delete_collection(name, caller), self._parts.status)

    def brought(self, values: Sequence[Any]) -> Update:
        """Return what of an earlier visit's collection and number of passages still holds."""
        name, top_k = values
        update: Update = {}
        if isinstance(name, str) and 0 < len(name) <= MAX_NAME_CHARS:
            update[self._parts.collection] = gr.Dropdown(
                value=name
            )  # `on_look` sees if it is there
        if isinstance(top_k, int) and 1 <= top_k <= MAX_TOP_K:
            update[self._parts.top_k] = top_k
        return update

    def _add(self, name: str, paths: list[str]) -> None:
        media = [Media(name=Path(path).name, path=path) for path in paths]
        self._intake.add(name, media)

    async def _acted(self, name: str, act: str, key: str, caller: gr.Request) -> Update:
        shown = name
        if act == "drop" and key.isdigit():
            self._intake.drop(int(key))
        elif act == "undo" and key.isdigit():
            shown = self._undone(int(key)) or name
        elif act == "delete":
            caller_of(caller).check(DELETE)
            documents = await self._documents(name)
            named = next((one.name for one in documents if one.document_id == key), None)
            if named is not None:
                self._removals.begin(name, key, named)
        return {self._parts.status: "", **await self._shown(shown)}

    def _undone(self, key: int) -> str | None:
        """Have something back; returns its collection."""
        pending = {one.key: one for one in self._removals.pending()}
        self._removals.undo(key)
        return pending[key].collection if key in pending else None

    async def _chosen(self, name: str) -> Update:
        shown = await self._shown(name)
        known = {one.name for one in await self._collections()} | {FIRST_COLLECTION}
        gone = note_html(f"There is no collection “{name}”. New ones are made below.")
        return {self._parts.status: "" if name in known else gone, **shown}

    async def _create(self, name: str) -> Update:
        await self._client.arun(Ingest(collection=name, documents=()))
        shown = await self._shown(" ".join(name.split()))
        return {self._parts.status: "", **shown, self._parts.new_name: ""}

    async def _delete_collection(self, name: str, caller: gr.Request) -> Update:
        caller_of(caller).check(DELETE)
        if name not in [one.name for one in await self._collections()]:
            return {
                self._parts.status: note_html(f"“{name}” is empty: there is nothing to delete.")
            }
        self._removals.begin(name, None, name, lambda: self._intake.forget(name))
        return {self._parts.status: "", **await self._shown(FIRST_COLLECTION)}

    async def _shown(self, name: str) -> Update:
        parts = self._parts
        collections = [one for one in await self._collections() if not self._is_off(one.name)]
        names = [collection.name for collection in collections]
        chosen = name if name in names else FIRST_COLLECTION
        documents = await self._documents(chosen) if chosen in names else ()
        labels = [] if FIRST_COLLECTION in names else [(FIRST_COLLECTION, FIRST_COLLECTION)]
        library = Library(
            documents=[one for one in documents if not self._is_off(chosen, one.document_id)],
            incoming=self._intake.files(chosen),
            removals=[
                one
                for one in self._removals.pending()
                if one.document_id is None or one.collection == chosen
            ],
            problem=self._removals.problem(chosen),
        )
        has_example = any(one.name == EXAMPLE.name for one in library.documents)
        choices = [*labels, *collection_choices(collections)]
        return {
            parts.collection: gr.update(choices=choices, value=chosen),
            parts.documents: library_html(library),
            parts.example: gr.Button(visible=not has_example),
            parts.examples: gr.Row(visible=has_example),
        }

    def _is_off(self, collection: str, document_id: str | None = None) -> bool:
        return self._removals.hides(collection, document_id)

    async def _collections(self) -> tuple[CollectionInfo, ...]:
        events = await self._client.arun(ListCollections())
        return next(event.collections for event in events if isinstance(event, Collections))

    async def _documents(self, name: str) -> tuple[DocumentInfo, ...]:
        events = await self._client.arun(ListDocuments(collection=name))
        return next(event.documents for event in events if isinstance(event, Documents))
