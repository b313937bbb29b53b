"""Python files as tools: what they hold, what breaks in them, and that it harms nothing else."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from workers.messages.errors import GenerationError, TimedOutError
from workers.tools.arguments import mistake_in_untrusted
from workers.tools.python.folder import PythonTools
from workers.tools.records import ChatTool, ToolSource

WEATHER = '''
from datetime import date

def forecast(city: str, days: int = 1, day: date | None = None) -> dict:
    """Say what the weather will be.

    Args:
        city: Name of a city.
    """
    print("this is no answer")
    return {"city": city, "days": days, "day": day}

async def later(text: str) -> str:
    """Say it later."""
    return text

def _hidden() -> None: ...
def odd(*things): ...
'''
BAD = '''
import os, subprocess, time
from pathlib import Path

def hang(file: str) -> None:
    """Never end, and leave a child."""
    child = subprocess.Popen(["sleep", "600"])
    Path(file).write_text(f"{os.getpid()} {child.pid}")
    time.sleep(600)

def crash() -> None:
    """End the process."""
    os._exit(3)

def fail() -> None:
    """Raise."""
    raise ValueError("no luck")

def shout() -> str:
    """Say too much."""
    return "x" * 9_000_000
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "weather.py").write_text(WEATHER)
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "broken.py").write_text("def x(:")
    (tmp_path / "leaves.py").write_text("raise SystemExit('bye')")
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "_private.py").write_text("def x() -> int: return 1")
    return tmp_path


async def listed(tools: PythonTools) -> dict[str, ToolSource]:
    return {source.title: source for source in await tools.sources()}


async def tool(tools: PythonTools, name: str) -> ChatTool:
    return {tool.id: tool for one in await tools.sources() for tool in one.tools}[name]


async def test_a_broken_file_is_named_and_loses_only_itself(folder: Path) -> None:
    sources = await listed(PythonTools(folder, timeout_s=60))
    assert {name for name, source in sources.items() if source.error} == {
        "broken.py", "leaves.py", "empty.py", "weather.py",
    }  # fmt: skip
    assert "line 1" in sources["broken.py"].error
    assert "bye" in sources["leaves.py"].error
    assert "odd" in sources["weather.py"].error
    assert [tool.id for tool in sources["weather.py"].tools] == [
        "weather/forecast",
        "weather/later",
    ]
    assert all(tool.asks_first for tool in sources["weather.py"].tools)


async def test_a_call_returns_what_the_function_does(folder: Path) -> None:
    tools = PythonTools(folder, timeout_s=60)
    forecast = await tool(tools, "weather/forecast")
    result = await tools.call(forecast, {"city": "Rome", "day": "2026-01-02"})
    assert result.text == '{"city":"Rome","days":1,"day":"2026-01-02"}'
    assert (await tools.call(await tool(tools, "weather/later"), {"text": "ä"})).text == "ä"


async def test_what_a_function_does_wrong_is_said_and_harms_nothing(folder: Path) -> None:
    tools = PythonTools(folder, timeout_s=60)
    failed = await tools.call(await tool(tools, "bad/fail"), {})
    assert failed.is_error
    assert failed.text == "ValueError: no luck (line 17)"
    with pytest.raises(GenerationError, match="exit status 3"):
        await tools.call(await tool(tools, "bad/crash"), {})
    with pytest.raises(GenerationError, match="said more than"):
        await tools.call(await tool(tools, "bad/shout"), {})


@pytest.mark.parametrize("is_stopped", [True, False])
async def test_a_hanging_call_is_ended_with_all_that_it_started(
    folder: Path, *, is_stopped: bool
) -> None:
    file = folder / "numbers"
    tools = PythonTools(folder, timeout_s=60 if is_stopped else 3)
    task = asyncio.create_task(tools.call(await tool(tools, "bad/hang"), {"file": str(file)}))
    while not file.exists() or not file.read_text():
        await asyncio.sleep(0.02)
        assert not task.done()
    if is_stopped:
        task.cancel()
    with pytest.raises(asyncio.CancelledError if is_stopped else TimedOutError):
        await task
    for number in map(int, file.read_text().split()):
        await asyncio.wait_for(gone(number), 60)


async def gone(number: int) -> None:
    with suppress(ProcessLookupError):
        while not is_dead(number):
            await asyncio.sleep(0.02)


def is_dead(number: int) -> bool:
    """A zombie that nobody has fetched yet is dead too."""
    os.kill(number, 0)
    status = Path(f"/proc/{number}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


async def test_a_file_that_changes_is_read_again(folder: Path) -> None:
    tools = PythonTools(folder, timeout_s=60)
    before = await listed(tools)
    assert (await listed(tools))["weather.py"] is before["weather.py"]
    (folder / "empty.py").write_text("def now_there() -> int:\n    return 1\n")
    (folder / "broken.py").unlink()
    after = await listed(tools)
    assert [tool.title for tool in after["empty.py"].tools] == ["now_there"]
    assert "broken.py" not in after


async def test_a_folder_that_is_not_there_has_no_tools(tmp_path: Path) -> None:
    assert await PythonTools(tmp_path / "nothing", timeout_s=60).sources() == ()


async def test_a_pattern_that_takes_for_ever_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schema = {"type": "string", "pattern": "^a+$"}
    assert await mistake_in_untrusted("aaa", schema) == ""
    assert "does not match" in await mistake_in_untrusted("b", schema)
    monkeypatch.setattr("workers.tools.arguments.MAX_TIME_S", 3.0)
    endless = {"type": "string", "pattern": "^(a+)+$"}
    assert "could not be checked" in await mistake_in_untrusted("a" * 60 + "b", endless)
