"""An uploaded file on its way to a worker: a path, never megabytes through a pipe."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import UploadFile
from sse_starlette import EventSourceResponse
from starlette.types import Receive, Scope, Send

from workers.media.scratch import scratch_folder
from workers.messages import Media
from workers.messages.errors import UnsupportedInputError

BLOCK = 1 << 20


@asynccontextmanager
async def saved(upload: UploadFile, max_mib: float) -> AsyncIterator[Media]:
    """Yield the upload as a file on disk that is deleted afterwards.

    Raises: UnsupportedInputError if it is larger than `max_mib`, naming both sizes.
    """
    name = upload.filename or "upload"
    size = 0
    with scratch_folder("upload") as folder:
        path = folder / "upload"
        with path.open("wb") as file:
            while block := await upload.read(BLOCK):
                size += len(block)
                if size > max_mib * 2**20:
                    raise UnsupportedInputError(
                        f"{name} is larger than the {max_mib:g} MiB that may be uploaded.",
                        "Cut it into parts.",
                    )
                file.write(block)
        yield Media(name=name, path=str(path))


class UploadEvents(EventSourceResponse):
    """Server-sent events about an upload, which is kept until they are sent or nobody listens."""

    def __init__(self, events: AsyncIterator[dict[str, str]], upload: AsyncExitStack) -> None:
        super().__init__(events, sep="\n")
        self._upload = upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events, then let go of the upload."""
        async with self._upload:
            await super().__call__(scope, receive, send)
