"""A name for each browser, given with the page: no script can read it, no other server gets it."""

from __future__ import annotations

import secrets
from http.cookies import SimpleCookie

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .callers import COOKIE, MIN_COOKIE

BYTES = 24
"""Of randomness: nobody guesses another's."""
AGE_S = 400 * 24 * 3600
"""The longest that browsers keep a cookie; each visit begins it anew."""


class BrowserCookie:
    """ASGI middleware: the page's own answer carries the cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        known = connection.cookies.get(COOKIE, "")
        value = known if len(known) >= MIN_COOKIE else secrets.token_urlsafe(BYTES)
        cookie = cookie_line(value, is_secure=connection.url.scheme == "https")

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def cookie_line(value: str, *, is_secure: bool) -> str:
    """Return the header's value. Inside another site's frame, as on a Space, only a secure one is sent."""
    cookie: SimpleCookie = SimpleCookie({COOKIE: value})
    morsel = cookie[COOKIE]
    morsel["path"] = "/"
    morsel["max-age"] = AGE_S
    morsel["httponly"] = True
    morsel["samesite"] = "None" if is_secure else "Lax"
    morsel["secure"] = is_secure
    return morsel.OutputString() + ("; Partitioned" if is_secure else "")
