"""Who uses the page: what he may do, and whose chats are his."""

from __future__ import annotations

from collections.abc import Mapping

import gradio as gr
from starlette.requests import Request

from workers.messages.standing import UNKNOWN, Standing, standing_of

COOKIE = "quintet-browser"
"""Names a browser: whoever is not logged in sees the chats of his browser."""
MIN_COOKIE = 20
"""Characters; a shorter one is none of ours, and could be guessed."""
VISIT = "visit:"
"""How the owner begins who has neither a login nor a cookie: what is his ends with his visit."""


def caller_of(request: object) -> Standing:
    """Return what the caller of a handler may do: what the gate found of his own connection.

    A request that is none, or only looks like one, is nobody's.
    """
    inner = request.request if isinstance(request, gr.Request) else None
    return standing_of(inner.scope) if isinstance(inner, Request) else UNKNOWN


def owner_of(request: gr.Request) -> str:
    """Return whose chats the caller of a handler sees."""
    return owner_from(request.username, request.cookies or {}, request.session_hash or "")


def owner_from(user: str | None, cookies: Mapping[str, str], visit: str = "") -> str:
    """Return the owner: the user who is logged in, else the browser, else this visit alone."""
    if user:
        return f"user:{user}"
    cookie = cookies.get(COOKIE, "")
    return f"browser:{cookie}" if len(cookie) >= MIN_COOKIE else f"{VISIT}{visit}"
