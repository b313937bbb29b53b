"""What clients of Ollama ask first: whether anybody is there, and of which version."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

RUNNING = "Ollama is running"
API_LEVEL = "0.12.6"
"""The version of Ollama whose API this is; clients compare it with the oldest that they know."""


class HeartbeatRoute(APIRoute):
    """The root, for all but browsers, which get the page that is mounted behind it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """See `starlette.routing.Route`."""
        if scope["type"] == "http" and _wants_page(scope):
            return Match.NONE, {}
        return super().matches(scope)


def _wants_page(scope: Scope) -> bool:
    accepted = [value for name, value in scope["headers"] if name == b"accept"]
    return scope["method"] not in ("GET", "HEAD") or any(
        b"text/html" in value for value in accepted
    )


def create_heartbeat_router() -> APIRouter:
    """Return the routes / and /api/version."""
    router = APIRouter()
    root = APIRouter(route_class=HeartbeatRoute)

    @root.get("/", response_class=PlainTextResponse)
    def heartbeat() -> str:
        """Somebody is there; a browser, which accepts text/html, gets the page."""
        return RUNNING

    @router.get("/api/version")
    def version() -> dict[str, Any]:
        """The version of Ollama whose API this is."""
        return {"version": API_LEVEL}

    router.include_router(root)
    return router
