"""What the Text tab serves besides Gradio: chats as files, an answer's Markdown, an answer said aloud."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from ui.core.callers import owner_from
from ui.core.page_chats import PageChats
from ui.text.attached.attached_routes import add_file_route
from ui.text.personas.worn import worn
from workers.chats.exchange.exporting import as_html, as_json, as_markdown
from workers.chats.own_chats import OwnChats
from workers.chats.records import KeptChat, Message
from workers.client import Client
from workers.flows.citations import without_marks
from workers.flows.speech import FileBytes, speak_to_file
from workers.messages import Finished, Synthesize
from workers.messages.errors import NotFoundError, UnsupportedInputError

KINDS = {"md": "text/markdown", "json": "application/json", "html": "text/html"}
NOT_CACHED = {"cache-control": "no-store"}


def create_chat_router(client: Client, chats: PageChats) -> APIRouter:
    """Return the routes; each serves the caller's own chats alone."""
    router = APIRouter(prefix="/chats", include_in_schema=False)
    files = ChatFiles(client, chats)
    router.get("/export.json")(files.all)
    router.get("/{chat}/export.{kind}")(files.chat)
    router.get("/{chat}/{message}.md")(files.message)
    router.get("/{chat}/{message}.mp3")(files.speech)
    add_file_route(router, chats)
    return router


class ChatFiles:
    """One method per route. All raise NotFoundError for what is not the caller's."""

    def __init__(self, client: Client, chats: PageChats) -> None:
        self._client = client
        self._chats = chats

    def all(self, request: Request) -> Response:
        """Return all kept chats, with every version."""
        own = self._chats.of(self._owner(request))
        whole = ((chat, own.tree(chat.id)) for chat in own.all())
        return _download(as_json(whole), "json", "quintet chats")

    def chat(self, request: Request, chat: str, kind: str) -> Response:
        """Return one chat: as Markdown, as JSON with every version, or as a page to print."""
        if kind not in KINDS:
            raise UnsupportedInputError(f"Chats are not written as {kind}: {', '.join(KINDS)}.")
        own = self._chats.with_chat(self._owner(request), chat)
        kept = own.get(chat)
        return _download(_written(kept, own, kind), kind, kept.title or "chat")

    def message(self, request: Request, chat: str, message: int) -> Response:
        """Return what one message says, as it is kept."""
        return Response(self._message(request, chat, message)[1].text, headers=NOT_CACHED)

    async def speech(self, request: Request, chat: str, message: int) -> Response:
        """Return an answer said aloud, from its first sentence on while the next are still being made."""
        own, said = self._message(request, chat, message)
        options, _ = worn(self._client, self._owner(request), own.get(chat).settings)
        text = without_marks(said.text) if said.details.get("sources") else said.text
        speech = Synthesize(text=text, voice=options.voice)
        pieces = speak_to_file(self._client, speech, "mp3")
        first = await anext(pieces)  # what goes wrong at the beginning is an answer of its own

        async def body() -> AsyncGenerator[bytes, None]:
            async with aclosing(pieces):
                if isinstance(first, FileBytes):
                    yield first.data
                async for piece in pieces:
                    if isinstance(piece, Finished):
                        return
                    yield piece.data

        return StreamingResponse(body(), media_type="audio/mpeg", headers=NOT_CACHED)

    def _message(self, request: Request, chat: str, message: int) -> tuple[OwnChats, Message]:
        own = self._chats.with_chat(self._owner(request), chat)
        found = own.tree(chat).messages.get(message)
        if found is None:
            raise NotFoundError(f"There is no message {message} in this chat.")
        return own, found

    def _owner(self, request: Request) -> str:
        return owner_from(request.app.state.page_user(request), request.cookies)


def _written(chat: KeptChat, own: OwnChats, kind: str) -> str:
    tree = own.tree(chat.id)
    if kind == "md":
        return as_markdown(chat, tree)
    return as_html(chat, tree) if kind == "html" else as_json([(chat, tree)])


def _download(text: str, kind: str, name: str) -> Response:
    """A page to print is shown, all others are saved; a title may hold anything."""
    safe = "".join(one if one.isalnum() or one in " -_" else " " for one in name)[:60].strip()
    headers = dict(NOT_CACHED)
    if kind != "html":
        file = f"{safe or 'chat'}.{kind}"
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(file)}"
    return Response(text, media_type=f"{KINDS[kind]}; charset=utf-8", headers=headers)
