"""From a recording to a file of the chosen format."""

from __future__ import annotations

import asyncio
import sys
import uuid
from pathlib import Path

from workers.messages.errors import GenerationError

from .view import SpokenRecording, download_name

ROOT = Path(__file__).parents[2]


async def encoded(recording: SpokenRecording, extension: str) -> Path:
    """Return the recording as a file of that format, named after its first words.

    A process of its own does it: the page's process loads no codec, a long recording blocks nobody,
    and closing the page ends it. Raises: GenerationError.
    """
    target = recording.path.with_name(download_name(recording.first_words, extension))
    if target.exists():
        return target
    unfinished = target.with_name(f"{uuid.uuid4().hex}.{extension}")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.media.audio", str(recording.path), str(unfinished),
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )  # fmt: skip
    try:
        _, error = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        unfinished.unlink(missing_ok=True)
        last = error.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise GenerationError(f"The recording could not be saved as {extension}: {last[0]}.")
    return unfinished.replace(target)
