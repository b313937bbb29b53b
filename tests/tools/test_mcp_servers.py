"""Servers of the official library: one behind pipes, one behind HTTP; those that are down lose only themselves."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from workers.messages.errors import RemoteError, TimedOutError
from workers.tools.mcp_servers.provider import McpTools
from workers.tools.records import ChatTool, ToolResult

SCRIPT = Path(__file__).with_name("mcp_script.py")
WAIT_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(SCRIPT), "streamable-http", str(port)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def reached(port: int) -> None:
    async def reach() -> None:
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.02)

    await asyncio.wait_for(reach(), WAIT_S)


@pytest.fixture(scope="module")
def http_port() -> Iterator[int]:
    port = free_port()
    process = serve(port)
    yield port
    process.kill()
    process.wait()


Config = dict[str, Any]


@pytest.fixture
async def servers(tmp_path: Path, http_port: int) -> AsyncIterator[McpTools]:
    await reached(http_port)
    entries: Config = {
        "pipe": {"command": sys.executable, "args": [str(SCRIPT), "stdio"]},
        "http": {"url": f"http://127.0.0.1:{http_port}/mcp"},
        "down": {"url": f"http://127.0.0.1:{free_port()}/mcp"},
        "missing": {"command": str(tmp_path / "nothing")},
        "ends": {"command": sys.executable, "args": ["-c", "raise SystemExit('so sorry')"]},
    }
    write(tmp_path, entries)
    tools = McpTools(tmp_path / "mcp.json", timeout_s=WAIT_S)
    yield tools
    await tools.close()


def write(folder: Path, entries: Config) -> None:
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": entries}))


async def tool(tools: McpTools, name: str) -> ChatTool:
    found = {tool.id: tool for source in await tools.sources() for tool in source.tools}
    return found[name]


async def test_each_server_lists_its_tools_or_why_it_has_none(servers: McpTools) -> None:
    sources = {source.name: source for source in await servers.sources()}
    for name in ("pipe", "http"):
        assert [tool.title for tool in sources[name].tools] == [
            "add",
            "draw",
            "fail",
            "hang",
            "die",
        ]
        assert sources[name].error == ""
    assert "down cannot be used" in sources["down"].error
    assert "No such file" in sources["missing"].error
    assert "so sorry" in sources["ends"].error


@pytest.mark.parametrize("server", ["pipe", "http"])
async def test_a_call_is_answered_in_text(servers: McpTools, server: str) -> None:
    add = await tool(servers, f"{server}/add")
    assert await servers.call(add, {"a": 2, "b": 3}) == ToolResult(text="5")
    drawn = await servers.call(await tool(servers, f"{server}/draw"), {})
    assert "a picture (image/png" in drawn.note
    failed = await servers.call(await tool(servers, f"{server}/fail"), {})
    assert failed.is_error
    assert "no luck" in failed.text


@pytest.mark.parametrize("server", ["pipe", "http"])
async def test_a_call_is_bounded_and_can_be_given_up(
    tmp_path: Path, servers: McpTools, server: str
) -> None:
    hang, add = await tool(servers, f"{server}/hang"), await tool(servers, f"{server}/add")
    task = asyncio.create_task(servers.call(hang, {}))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await servers.call(add, {"a": 1, "b": 1})).text == "2"
    short = McpTools(tmp_path / "mcp.json", timeout_s=0.2)
    hang = await tool(short, f"{server}/hang")
    with pytest.raises(TimedOutError):
        await short.call(hang, {})
    await short.close()


async def test_a_server_that_died_is_started_again_for_the_next_call(servers: McpTools) -> None:
    die, add = await tool(servers, "pipe/die"), await tool(servers, "pipe/add")
    with pytest.raises(RemoteError):
        await servers.call(die, {})
    assert (await servers.call(add, {"a": 1, "b": 2})).text == "3"


async def test_an_http_server_that_comes_back_is_found_again(tmp_path: Path) -> None:
    port = free_port()
    write(tmp_path, {"web": {"url": f"http://127.0.0.1:{port}/mcp"}})
    tools = McpTools(tmp_path / "mcp.json", timeout_s=WAIT_S)
    assert (await tools.sources())[0].error
    for _ in range(2):  # and once more after it has lost its sessions
        process = serve(port)
        try:
            await reached(port)
            assert (await tools.call(await tool(tools, "web/add"), {"a": 1, "b": 2})).text == "3"
        finally:
            process.kill()
            process.wait()
    await tools.close()


async def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    tools = McpTools(tmp_path / "mcp.json", timeout_s=WAIT_S)
    assert await tools.sources() == ()
    write(tmp_path, {"one": {"command": sys.executable, "args": [str(SCRIPT), "stdio"]}})
    assert (await tool(tools, "one/add")).title == "add"
    write(tmp_path, {"two": {"command": sys.executable, "args": [str(SCRIPT), "stdio"]}})
    assert [source.name for source in await tools.sources()] == ["two"]
    await tools.close()
