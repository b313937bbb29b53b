"""POST /api/pull: a download of the catalogue's, and its progress in Ollama's lines.

The download is the one that the page shows: whoever leaves leaves it running, and who asks again joins it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages.errors import (
    AppError,
    DownloadError,
    DownloadPausedError,
    NotFetchedError,
    UnsupportedInputError,
)
from workers.models.state import ModelState

from . import names
from .answering import in_line
from .objects import Json
from .schemas import PullBody

LOOK_EVERY_S = 0.2
NUM_SHOWN = 12
"""Digits of a digest in a status."""


async def pulled(client: Client, body: PullBody) -> Json:
    """Fetch the model and return the last line. Raises: AppError."""
    last: Json = {}
    async for line in progress(client, body):
        last = line
    return last


async def pull_lines(client: Client, body: PullBody) -> AsyncIterator[str]:
    """Yield the progress as lines; what goes wrong is the last of them."""
    try:
        async for line in progress(client, body):
            yield in_line(line)
    except AppError as err:
        yield in_line({"error": str(err)})


async def progress(client: Client, body: PullBody) -> AsyncIterator[Json]:
    """Start the download, or join it, and yield its progress until it is complete.

    Raises: UnknownModelError; UnsupportedInputError for a licence that was not accepted, or files
    that come from elsewhere; DownloadError; DownloadPausedError.
    """
    yield {"status": "pulling manifest"}
    card = await asyncio.to_thread(_start, client, body)
    digest = _digest(card)
    while True:
        state = await asyncio.to_thread(client.manager.state, card)
        if state.is_ready or state.kind == "needs_environment":
            break
        if (line := _line(state, digest)) is not None:
            yield line
        await asyncio.sleep(LOOK_EVERY_S)
    size = await asyncio.to_thread(client.manager.size_mib, card)
    yield {**_pulling(digest), "total": size << 20, "completed": size << 20}
    yield {"status": "verifying sha256 digest"}
    yield {"status": "writing manifest"}
    yield {"status": "success"}


def _start(client: Client, body: PullBody) -> ModelCard:
    card = names.find(client.models, body.model)
    if client.manager.state(card).is_ready:
        return card
    try:
        return client.manager.pull(card.id, accept_license=body.accept_license)
    except NotFetchedError as err:
        hint = 'If you accept it, send {"accept_license": true} too.'
        raise UnsupportedInputError(err.message, hint) from err


def _line(state: ModelState, digest: str) -> Json | None:
    """Return what to say of a download that goes on. Raises: DownloadError; DownloadPausedError."""
    download = state.download
    if download is None:
        raise DownloadError(f"The download cannot go on: {state.words}.", state.hint)
    if download.kind == "failed":
        raise DownloadError(download.sentence)
    if download.kind == "paused":
        raise DownloadPausedError("The download was paused.", "Pull again to go on with it.")
    if not download.total_bytes:
        return None
    return {
        **_pulling(digest),
        "total": download.total_bytes,
        "completed": min(download.done_bytes, download.total_bytes),
    }


def _digest(card: ModelCard) -> str:
    return card.files.get(card.weight_file) or ""


def _pulling(digest: str) -> Json:
    named = {"digest": f"sha256:{digest}"} if digest else {}
    return {"status": f"pulling {digest[:NUM_SHOWN] or 'weights'}", **named}
