"""A spoken file on its way to a client, sent while it grows."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing

from fastapi.responses import StreamingResponse
from starlette.types import Send

from workers.flows.speech import FileBytes
from workers.media.audio import format_of
from workers.messages import Finished
from workers.messages.errors import AppError

log = logging.getLogger("quintet.api")

Pieces = AsyncGenerator[FileBytes | Finished, None]


class SpokenFile(StreamingResponse):
    """What `speak_to_file` yields, as a file of the named format.

    When the voice fails half-way the connection breaks off: half a file must not look whole.
    """

    def __init__(self, pieces: Pieces, name: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(_bytes_of(pieces), media_type=format_of(name).mime, headers=headers)

    async def stream_response(self, send: Send) -> None:
        """Send the file; without the closing message the server ends the connection."""
        try:
            await super().stream_response(send)
        except AppError as err:
            log.warning("A spoken file was cut off: %s", err)


async def _bytes_of(pieces: Pieces) -> AsyncIterator[bytes]:
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, FileBytes):
                yield piece.data
