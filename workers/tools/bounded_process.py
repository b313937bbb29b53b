"""Another program, run for one answer: bounded in time and in what it may say, and ended with all it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workers.messages.errors import GenerationError, TimedOutError

MAX_ERROR_BYTES = 64 << 10
CHUNK_BYTES = 64 << 10
END_S = 2.0
"""For a killed program to be gone, and for what it has said to be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessEnd:
    """What a program said, and how it ended."""

    output: bytes
    errors: str
    """The end of what it said on its error stream."""
    status: int
    """0: well; below 0: a signal."""


async def run_bounded(
    command: Sequence[str], given: bytes, *, timeout_s: float, max_bytes: int, folder: Path
) -> ProcessEnd:
    """Run a program with something on its input, in a folder; returns what it said.

    Cancelling ends it. Raises: TimedOutError; GenerationError if it cannot be started or says more
    than `max_bytes`.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=folder,
            start_new_session=True,
        )
    except OSError as err:
        raise GenerationError(f"{command[0]} cannot be started: {err.strerror or err}.") from err
    try:
        return await asyncio.wait_for(_talk(process, given, max_bytes), timeout_s)
    except (asyncio.TimeoutError, TimeoutError) as err:
        raise TimedOutError(f"It took longer than {timeout_s:g} s and was ended.") from err
    finally:
        await _end(process)


async def _talk(process: asyncio.subprocess.Process, given: bytes, max_bytes: int) -> ProcessEnd:
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    if stdin is None or stdout is None or stderr is None:
        raise GenerationError("The program has no pipes.")
    errors = asyncio.ensure_future(_tail(stderr))
    try:
        with contextlib.suppress(
            OSError, RuntimeError
        ):  # it ended before it had read all (uvloop's)
            stdin.write(given)
            await stdin.drain()
        stdin.close()
        output = bytearray()
        while block := await stdout.read(CHUNK_BYTES):
            output += block
            if len(output) > max_bytes:
                raise GenerationError(f"It said more than {max_bytes:,} bytes and was ended.")
        status = await process.wait()
        return ProcessEnd(output=bytes(output), errors=await errors, status=status)
    finally:
        errors.cancel()


async def _tail(stream: asyncio.StreamReader) -> str:
    kept = b""
    while block := await stream.read(CHUNK_BYTES):
        kept = (kept + block)[-MAX_ERROR_BYTES:]
    return kept.decode("utf-8", errors="replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    """End it with whatever it has started; a process that has ended may have left some of those."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # asyncio takes a process for ended only when all that it has said was read.
    left = [_drained(stream) for stream in (process.stdout, process.stderr) if stream is not None]
    try:
        await asyncio.wait_for(asyncio.gather(*left, process.wait()), END_S)
    except (asyncio.TimeoutError, TimeoutError):
        pass  # something that it started elsewhere holds its pipes
    finally:
        process._transport.close()  # type: ignore[attr-defined]


async def _drained(stream: asyncio.StreamReader) -> None:
    while await stream.read(CHUNK_BYTES):
        pass
