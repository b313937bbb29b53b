"""A folder of Python files whose public functions are tools. Each file is read and run in a process of its own.

A call starts a process, and ends with it: a function that hangs, crashes or leaves something running
harms nothing, and what a file keeps in variables is gone with the call.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workers.messages.errors import AppError, GenerationError, NotFoundError
from workers.tools.bounded_process import run_bounded
from workers.tools.records import ChatTool, ToolResult, ToolSource

CHILD = Path(__file__).with_name("child.py")
MAX_BYTES = 4 << 20
"""Of one result."""
READ_TIMEOUT_S = 30.0
"""To import a file, and all that it imports."""
MAX_FILES = 100
AT_ONCE = 2
"""Files that are read at the same time."""


class PythonTools:
    """The tools of a folder; files that are new or changed are found when one looks."""

    is_built_in = False

    def __init__(self, folder: Path, *, timeout_s: float) -> None:
        """A folder that is not there has no tools."""
        self._folder, self._timeout_s = folder, timeout_s
        self._read: dict[Path, tuple[tuple[int, int], ToolSource]] = {}

    async def sources(self) -> tuple[ToolSource, ...]:
        """See `ToolProvider`."""
        try:
            files = sorted(self._folder.glob("[!_.]*.py"))
        except OSError:
            return ()
        gate = asyncio.Semaphore(AT_ONCE)
        read = await asyncio.gather(*(self._source(path, gate) for path in files[:MAX_FILES]))
        left_out = [_broken(path, f"more than {MAX_FILES} files") for path in files[MAX_FILES:]]
        return (*read, *left_out)

    async def call(self, tool: ChatTool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolProvider`."""
        path = self._folder / f"{tool.source}.py"
        if not path.is_file():
            raise NotFoundError(f"The file {path.name} is gone.")
        said = await _ask(path, ("call", str(path), tool.title), arguments, self._timeout_s)
        if "error" in said:
            return ToolResult(text=str(said["error"]), is_error=True)
        return ToolResult(text=str(said["result"]))

    async def close(self) -> None:
        """See `ToolProvider`."""

    async def _source(self, path: Path, gate: asyncio.Semaphore) -> ToolSource:
        try:
            facts = path.stat()
            stamp = (facts.st_mtime_ns, facts.st_size)
            known = self._read.get(path)
            if known is not None and known[0] == stamp:
                return known[1]
            async with gate:
                said = await _ask(path, ("describe", str(path)), {}, READ_TIMEOUT_S)
        except (AppError, OSError) as err:
            return _broken(path, str(err))
        source = _source_of(path, said)
        self._read[path] = (stamp, source)
        return source


async def _ask(
    path: Path, arguments: tuple[str, ...], given: Mapping[str, Any], timeout_s: float
) -> dict[str, Any]:
    """Return what the process of a file answers. Raises: TimedOutError, GenerationError."""
    end = await run_bounded(
        (sys.executable, str(CHILD), *arguments),
        json.dumps(given).encode(),
        timeout_s=timeout_s,
        max_bytes=MAX_BYTES,
        folder=path.parent,
    )
    try:
        said = json.loads(end.output)
    except ValueError as err:
        last = end.errors.strip().splitlines()[-1:]
        how = f"signal {-end.status}" if end.status < 0 else f"exit status {end.status}"
        raise GenerationError(f"Its process ended with {how}. {' '.join(last)}".strip()) from err
    return dict(said)


def _source_of(path: Path, said: Mapping[str, Any]) -> ToolSource:
    tools = tuple(
        ChatTool(
            id=f"{path.stem}/{tool['name']}",
            title=tool["name"],
            description=tool["description"],
            parameters=tool["parameters"],
            source=path.stem,
        )
        for tool in said.get("tools", ())
    )
    errors = "; ".join(said.get("errors", ()))
    return ToolSource(name=path.stem, title=path.name, kind="python", tools=tools, error=errors)


def _broken(path: Path, error: str) -> ToolSource:
    return ToolSource(name=path.stem, title=path.name, kind="python", error=error)
