"""A refusal from in front of the routes, to HTTP and WebSocket alike."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket


async def answer(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the response; to a WebSocket as a denial, where the server can."""
    if scope["type"] == "http":
        await response(scope, receive, send)
        return
    socket = WebSocket(scope, receive, send)
    if "websocket.http.response" in scope.get("extensions", {}):
        await socket.send_denial_response(response)
    else:
        await socket.close(1008)
