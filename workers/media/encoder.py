"""An audio encoder in a process of its own, fed with speech while it is still being spoken.

The page's process loads no codec, and no encoding holds up its event loop.

    python -m workers.media.encoder NAME RATE_HZ

reads the sample rate on a line of its own, then PCM, and writes the file as `StreamEncoder` does.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from workers.messages.errors import GenerationError

from .audio import PCM_WIDTH, StreamEncoder, format_of

ROOT = Path(__file__).parents[2]
BLOCK_BYTES = 4096
"""About a tenth of a second of speech."""


class Encoder:
    """The near end of the process: PCM in, the file's bytes out, both at once."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("The encoder's process must be started with pipes.")
        self._process = process
        self._name = name
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._sample_rate = 0

    async def feed(self, pcm: bytes, sample_rate: int) -> None:
        """Encode more; waits while the reader is slow. Raises: GenerationError."""
        head = b"" if self._sample_rate else f"{sample_rate}\n".encode()
        self._sample_rate = sample_rate
        self._stdin.write(head + pcm)
        try:
            await self._stdin.drain()
        except ConnectionError as err:
            raise await self._failure() from err

    def end(self) -> None:
        """Nothing more will be fed: the reader gets the rest, then b""."""
        self._stdin.close()

    async def read(self) -> bytes:
        """Return bytes as soon as there are any; b"" at the end. Raises: GenerationError."""
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
    """Start the process; leaving ends it, whatever it was doing.

    `rate_hz`: of the file, where its format leaves a choice; 0: as spoken.
    Raises: UnsupportedInputError for an unknown format.
    """
    format_of(name)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.media.encoder", name, str(rate_hz),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,  # Ctrl-C is for the application, which ends this one itself
    )  # fmt: skip
    try:
        yield Encoder(process, name)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def main(name: str, rate_hz: int) -> None:
    """Encode standard input to standard output until it ends; nothing at all gives nothing."""
    import av  # noqa: F401 — while the first sentence is still being spoken

    source, target = open(sys.stdin.fileno(), "rb"), sys.stdout.buffer  # noqa: SIM115
    head = source.readline()
    if not head:
        return
    encoder = StreamEncoder(name, int(head), rate_hz=rate_hz)
    rest = b""
    while block := source.read1(BLOCK_BYTES):
        pcm = rest + block
        whole = len(pcm) - len(pcm) % PCM_WIDTH
        target.write(encoder.feed(pcm[:whole]))
        target.flush()
        rest = pcm[whole:]
    target.write(encoder.finish())
    target.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
