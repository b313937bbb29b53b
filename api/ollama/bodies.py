"""Bodies are JSON whatever their Content-Type says: the samples of Ollama's documentation name none."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

FORM = b"multipart/form-data"
"""Files, which no body here is; they may be larger than JSON."""


class AnyTypeRoute(APIRoute):
    """A route whose body is read as JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler behind one that labels the body."""
        handle = super().get_route_handler()

        async def labelled(request: Request) -> Response:
            headers = request.scope["headers"]
            types = [value for name, value in headers if name == b"content-type"]
            if not any(value.lower().startswith(FORM) for value in types):
                others = [pair for pair in headers if pair[0] != b"content-type"]
                request.scope["headers"] = [*others, (b"content-type", b"application/json")]
            return await handle(Request(request.scope, request.receive))

        return labelled
