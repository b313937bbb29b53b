"""What every answer tells the browser: whence it may load, who may frame it, what it may pass on.

An answer that a model or a document wrote may name a picture anywhere; loading it would carry what
stands in its address to whoever wrote it there. So nothing is loaded but from this server.
Scripts stay 'unsafe-inline' and 'unsafe-eval': Gradio writes its settings into the page as a
script and makes the page's own handlers out of text.

Source: Content Security Policy Level 3 (W3C).
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "frame-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}


def security_headers(frame_ancestors: Sequence[str]) -> dict[str, str]:
    """Return the headers; `frame_ancestors` are the other pages that may show ours inside."""
    ancestors = " ".join(["'self'", *frame_ancestors])
    policy = {**POLICY, "frame-ancestors": ancestors}
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
    }


class SecurityHeaders:
    """ASGI middleware; a route that sets one of the headers itself keeps its own."""

    def __init__(self, app: ASGIApp, frame_ancestors: Sequence[str]) -> None:
        self._app = app
        self._headers = security_headers(frame_ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
