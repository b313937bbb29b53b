"""What tools come from: functions, servers' files and answers, pages, the clock, the box of all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError

from workers.messages import Media
from workers.messages.errors import UnsupportedInputError
from workers.tools.arguments import mistake_in, read_arguments
from workers.tools.builtin import BuiltinTools
from workers.tools.clock import time_in
from workers.tools.mcp_servers.config import BrokenServer, ServerConfig, read_servers
from workers.tools.mcp_servers.results import result_of
from workers.tools.page import read_page, text_of_page
from workers.tools.python.functions import called, described
from workers.tools.records import ChatTool, ToolResult, ToolSource
from workers.tools.toolbox import Toolbox


def forecast(
    city: str, json: Annotated[int, Field(ge=1, le=7)] = 1, day: date | None = None
) -> str:
    """Say what the weather will be.

    It is always fine.

    Args:
        city: Name of a city,
            in any language.
        json (int): Days.

    Returns:
        A sentence.
    """
    return f"{city} {json} {day!r}"


def test_a_function_becomes_a_schema_with_its_docstring() -> None:
    tool = described("forecast", forecast)
    assert tool["description"] == "Say what the weather will be.\n\nIt is always fine."
    schema = tool["parameters"]
    assert (schema["type"], schema["required"]) == ("object", ["city"])
    assert schema["properties"]["city"] == {
        "type": "string",
        "description": "Name of a city, in any language.",
    }
    assert schema["properties"]["json"]["maximum"] == 7
    assert "default" in schema["properties"]["day"]
    assert mistake_in({"city": "Rome", "json": 3}, schema) == ""
    assert "extra" in mistake_in({"city": "Rome", "extra": 1}, schema)


def test_arguments_become_what_the_annotations_say() -> None:
    assert called(forecast, {"city": "Rome", "day": "2026-01-02"}) == (
        "Rome 1 datetime.date(2026, 1, 2)"
    )
    with pytest.raises(ValidationError):
        called(forecast, {"city": "Rome", "json": 9})


def test_a_signature_without_names_is_refused() -> None:
    def many(*things: int) -> None: ...

    with pytest.raises(TypeError, match="named arguments only"):
        described("many", many)


@pytest.mark.parametrize("kind", [int, list[str], dict[str, int], Literal["a", "b"]])
def test_kinds_of_arguments_are_kinds_of_schemas(kind: Any) -> None:
    def same(x: Any) -> Any:
        return x

    same.__annotations__ = {"x": kind}
    assert described("same", same)["parameters"]["properties"]["x"]


def test_the_time_is_that_of_a_zone() -> None:
    noon = datetime(2026, 7, 1, 12, 0, tzinfo=timezone.utc)
    assert time_in("europe/berlin", noon) == (
        "Wednesday, 2026-07-01 14:00:00 (europe/berlin, UTC+02:00)"
    )
    assert "2026-07-01" in time_in("UTC", noon)
    with pytest.raises(UnsupportedInputError, match="Europe/Berlin"):
        time_in("Berlin/Mitte", noon)


def test_servers_of_a_file_each_lose_only_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_OF_A_TEST", "s3cret")
    file = tmp_path / "mcp.json"
    assert read_servers(file) == ()
    entries = {
        "git": {"command": "uvx", "args": ["mcp-git"], "env": {"T": "${TOKEN_OF_A_TEST}"}},
        "web": {
            "url": "https://x.example/mcp",
            "headers": {"A": "B ${env:TOKEN_OF_A_TEST}"},
            "type": "http",
        },
        "off": {"command": "x", "disabled": True},
        "both": {"command": "x", "url": "http://x"},
        "none": {},
        "odd": 7,
        "unset": {"command": "x", "env": {"T": "${NEVER_SET_IN_A_TEST}"}},
    }
    file.write_text(json.dumps({"mcpServers": entries}))
    read = {one.name: one for one in read_servers(file)}
    assert list(read) == ["git", "web", "both", "none", "odd", "unset"]
    git, web = read["git"], read["web"]
    assert isinstance(git, ServerConfig)
    assert git.env == {"T": "s3cret"}
    assert isinstance(web, ServerConfig)
    assert web.headers == {"A": "B s3cret"}
    broken = [one for one in read.values() if isinstance(one, BrokenServer)]
    assert [one.name for one in broken] == ["both", "none", "odd", "unset"]
    assert "NEVER_SET_IN_A_TEST" in broken[-1].error


@pytest.mark.parametrize("content", ["{", "[]", '{"servers": {}}', '{"mcpServers": 3}'])
def test_a_file_that_cannot_be_read_says_why(content: str, tmp_path: Path) -> None:
    file = tmp_path / "mcp.json"
    file.write_text(content)
    (broken,) = read_servers(file)
    assert isinstance(broken, BrokenServer)
    assert broken.error


def block(kind: str, **fields: Any) -> SimpleNamespace:
    return SimpleNamespace(type=kind, **fields)


def test_an_answer_is_text_and_what_is_none_is_named() -> None:
    blocks = [
        block("text", text="It is fine."),
        block("image", data="aGVsbG8=", mimeType="image/png"),
        block("resource", resource=SimpleNamespace(uri="notes://a.txt", text="inside")),
        block("resource", resource=SimpleNamespace(uri="notes://a.bin", blob="aGVsbG8=")),
        block("resource_link", name="more", uri="https://x.example"),
        block("hologram"),
    ]
    answer = SimpleNamespace(content=blocks, structuredContent=None, isError=False)
    result = result_of(answer)
    assert "It is fine." in result.text
    assert "notes://a.txt:\ninside" in result.text
    for missing in ("a picture (image/png", "notes://a.bin", "hologram"):
        assert missing in result.note
        assert missing in result.text
    only = SimpleNamespace(content=[], structuredContent={"a": 1}, isError=True)
    assert result_of(only) == ToolResult(text='{"a": 1}', is_error=True)


def test_a_page_is_what_a_person_reads_of_it() -> None:
    html = b"<html><head><style>x{}</style></head><body><h1>Hi</h1><script>1</script><p>you</p>"
    assert text_of_page(Media(name="a.html", data=html)) == "Hi\nyou"
    assert text_of_page(Media(name="a.txt", data=b" plain ")) == "plain"
    with pytest.raises(UnsupportedInputError, match="no page of text"):
        text_of_page(Media(name="a.pdf", data=b"%PDF"))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "data:,x",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/",
    ],
)
async def test_a_page_is_public_or_not_read(url: str) -> None:
    with pytest.raises(UnsupportedInputError):
        await read_page(url)


@pytest.mark.parametrize("text", ["{", "[1]", "3", "[" * 100_000])
def test_arguments_that_are_none_are_a_sentence(text: str) -> None:
    assert isinstance(read_arguments(text), str)


def test_a_schema_fetches_nothing_and_a_wrong_one_is_a_sentence() -> None:
    assert mistake_in(1, {"$ref": "http://127.0.0.1:9/x.json"})
    assert mistake_in(1, {"type": "nonsense"})
    assert mistake_in({"a": [1, "x"]}, {"properties": {"a": {"items": {"type": "integer"}}}}) == (
        "a[1]: 'x' is not of type 'integer'."
    )


class Provider:
    """Sources that a test names."""

    is_built_in = False

    def __init__(self, *sources: ToolSource) -> None:
        self._sources = sources

    async def sources(self) -> tuple[ToolSource, ...]:
        return self._sources

    async def call(self, tool: ChatTool, arguments: Mapping[str, Any]) -> ToolResult:
        return ToolResult(text=f"{tool.id} {dict(arguments)}")

    async def close(self) -> None: ...


def source(name: str, *tools: str, error: str = "") -> ToolSource:
    made = tuple(
        ChatTool(id=f"{name}/{tool}", title=tool, description="", parameters={}, source=name)
        for tool in tools
    )
    return ToolSource(name=name, title=name, kind="mcp", tools=made, error=error)


async def test_chosen_tools_have_names_that_models_take() -> None:
    box = Toolbox(
        [
            BuiltinTools(),
            Provider(source("git", "log", "näme with spaces"), source("svn", "log")),
            Provider(source("git", "other"), source("down", error="It is down.")),
        ],
        unasked=("calculator", "svn/*"),
    )
    chosen = await box.choose(["calculator", "git/*", "svn/log", "down/x", "nothing"])
    assert {name: tool.id for name, tool in chosen.tools.items()} == {
        "calculator": "calculator",
        "git__log": "git/log",
        "n_me_with_spaces": "git/näme with spaces",
        "svn__log": "svn/log",
    }
    assert [tool.id for tool in chosen.tools.values() if not tool.asks_first] == [
        "calculator",
        "svn/log",
    ]
    assert chosen.missing == ("down/x is not there: It is down.", "There is no tool 'nothing'.")
    assert "git" in {one.name for one in await box.sources() if one.error}
    result = await box.call(chosen.tools["svn__log"], {"n": 1})
    assert result.text == "svn/log {'n': 1}"
