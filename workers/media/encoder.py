"""An audio encoder that is fed with speech while it is still being spoken.

One that needs a codec has a process of its own (`encoding.py`): the page's process loads no codec, and no
encoding holds up its event loop.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from workers.messages.errors import GenerationError

from .audio import format_of
from .plain import PLAIN, PlainEncoder

ROOT = Path(__file__).parents[2]


class Encoder(Protocol):
    """PCM in, the file's bytes out, both at once."""

    async def feed(self, pcm: bytes, sample_rate: int) -> None:
        """Encode more; waits while the reader is slow. Raises: GenerationError."""
        ...

    def end(self) -> None:
        """Nothing more will be fed: the reader gets the rest, then b""."""
        ...

    async def read(self) -> bytes:
        """Return bytes as soon as there are any; b"" at the end. Raises: GenerationError."""
        ...


class EncoderProcess:
    """The near end of a process that encodes. See `Encoder`."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("The encoder's process must be started with pipes.")
        self._process = process
        self._name = name
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._sample_rate = 0

    async def feed(self, pcm: bytes, sample_rate: int) -> None:
        """See `Encoder.feed`."""
        head = b"" if self._sample_rate else f"{sample_rate}\n".encode()
        self._sample_rate = sample_rate
        self._stdin.write(head + pcm)
        try:
            await self._stdin.drain()
        except ConnectionError as err:
            raise await self._failure() from err

    def end(self) -> None:
        """See `Encoder.end`."""
        self._stdin.close()

    async def read(self) -> bytes:
        """See `Encoder.read`."""
        data = await self._stdout.read(1 << 16)
        if not data and await self._process.wait() != 0:
            raise await self._failure()
        return data

    async def _failure(self) -> GenerationError:
        lines = (await self._stderr.read()).decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else "no reason given"
        return GenerationError(f"The speech could not be encoded as {self._name}: {reason}.")


@asynccontextmanager
async def start_encoder(name: str, rate_hz: int = 0) -> AsyncGenerator[Encoder, None]:
    """Start an encoder; leaving ends its process, whatever it was doing.

    `rate_hz`: of the file, where its format leaves a choice; 0: as spoken.
    Raises: UnsupportedInputError for an unknown format.
    """
    format_of(name)
    if name in PLAIN:
        yield PlainEncoder(name, rate_hz)
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.media.encoding", name, str(rate_hz),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,  # Ctrl-C is for the application, which ends this one itself
    )  # fmt: skip
    try:
        yield EncoderProcess(process, name)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
