"""Attached files as they are served: to the one whose question names them, and never as a page."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from ui.core.callers import owner_from
from ui.core.page_chats import PageChats
from workers.chats.files import KeptFile, own_file
from workers.chats.own_chats import OwnChats
from workers.messages.errors import NotFoundError

SHOWN = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"%PDF": "application/pdf",
}
"""First bytes → what a browser may show itself; everything else is saved, whatever it says it is."""
SAFE = {
    "cache-control": "private, max-age=3600",
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'",
}


def add_file_route(router: APIRouter, chats: PageChats) -> None:
    """Serve `files/{message}/{file}`. NotFoundError for what is not the caller's."""

    @router.get("/files/{message}/{file}")
    def attached(request: Request, message: int, file: str) -> Response:
        owner = owner_from(request.app.state.page_user(request), request.cookies)
        for own in (chats.of(owner), chats.of(owner, is_private=True)):
            try:
                kept = own_file([own.message(message)], file)
            except NotFoundError:
                continue
            return _served(own, kept)
        raise NotFoundError("There is no such file.", "Its chat may have been deleted.")


def _served(own: OwnChats, kept: KeptFile) -> Response:
    path = own.files.path(kept.id)
    with path.open("rb") as file:
        head = file.read(16)
    shown = next((kind for begin, kind in SHOWN.items() if head.startswith(begin)), "")
    if head.startswith(b"RIFF") and head[8:12] != b"WEBP":
        shown = ""
    how = "inline" if shown else "attachment"
    headers = {**SAFE, "content-disposition": f"{how}; filename*=UTF-8''{quote(kept.name)}"}
    if (
        shown == "application/pdf"
    ):  # a sandbox keeps browsers from showing one; it runs nothing of ours
        del headers["content-security-policy"]
    return FileResponse(path, media_type=shown or "application/octet-stream", headers=headers)
