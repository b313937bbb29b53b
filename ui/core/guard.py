"""What a visitor may name as a file: what was uploaded to this page, and nothing else.

Gradio checks that too, for files whose dict says `meta`. It does not look at the dicts that `gr.api`
endpoints get, nor inside the components that a chat message may carry; and it fetches addresses.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder, is_in_or_equal
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from workers.messages.errors import UnsupportedInputError

NOT_UPLOADED = "{name!r} was not uploaded to this page. Send the file itself, then name it."
NOT_FETCHED = "The page fetches no addresses. Send the file itself, then name it."
IS_CLOSED = "The page fetches no addresses, keeps no sessions and edits no videos."
NO_COMPONENTS = "A message of a chat cannot bring components of its own."

CLOSED = re.compile(
    r"/gradio_api/(file[=/]https?:|proxy=|process_recording|component_server|deep_link|vibe-|dev/)",
    re.IGNORECASE,
)
"""Gradio's doors that nothing here uses: they fetch an address for whoever asks (also for a picture
in an answer), run ffmpeg on what is sent, call a component, or keep a session on the disk."""

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
"""How an address begins; one letter before the colon is a drive of Windows."""


class GuardedBlocks(gr.Blocks):
    """Blocks whose every handler, however it is called, gets uploaded files only."""

    async def preprocess_data(
        self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False
    ) -> list[Any]:
        """Raises: gr.Error for a file that was not uploaded, before anything touches it."""
        if not explicit_call:
            check_files(inputs)
        prepared: list[Any] = await super().preprocess_data(block_fn, inputs, state, explicit_call)
        return prepared


def check_files(value: Any) -> None:
    """Look through what a visitor sent, at any depth. Raises: gr.Error."""
    for item in _dicts(value):
        if item.get("type") == "component":
            raise gr.Error(NO_COMPONENTS, print_exception=False)
        if item.get("path") is not None:
            _check_path(item["path"])


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every dict inside; a stack of our own, for the sender chooses the depth."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list | tuple):
            waiting.extend(item)


def uploaded_file(path: object) -> Path:
    """Return a file that a script of the page names in an event. Raises: UnsupportedInputError."""
    if isinstance(path, str) and not ADDRESS.match(path) and _is_uploaded(path):
        return Path(path)
    raise UnsupportedInputError(NOT_UPLOADED.format(name=str(path)[:200]))


def _check_path(path: object) -> None:
    if isinstance(path, str) and ADDRESS.match(path):
        raise gr.Error(NOT_FETCHED, print_exception=False)
    if not (isinstance(path, str) and _is_uploaded(path)):
        raise gr.Error(NOT_UPLOADED.format(name=str(path)[:200]), print_exception=False)


def _is_uploaded(path: str) -> bool:
    """Return whether it is one upload; the folder of all of them holds other people's."""
    try:
        return is_in_or_equal(path, get_upload_folder()) and os.path.isfile(path)  # links resolved
    except (OSError, ValueError):  # too long, or with a NUL in it
        return False


class ClosedDoors:
    """ASGI middleware: Gradio's doors that the page does not use stay closed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http" and CLOSED.match(scope["path"]):
            await JSONResponse({"detail": IS_CLOSED}, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)
