"""The MCP server, driven by the protocol's own client library with a key, against real models."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import AudioContent, CallToolResult, ListToolsResult, TextContent

from tests.running import ROOT, App
from tests.spoken import sounds_like

ASSETS = ROOT / "assets"
KEY = {"Authorization": "Bearer key-of-carol"}
OTHER_KEY = {"Authorization": "Bearer key-of-bob"}
TOOLS = {"ask", "transcribe", "speak", "describe_image", "search_documents", "list_models"}
TIMEOUT_S = 60
SOON_S = 10
"""Long before a story has ended by itself."""
STORY = "Tell me a very long story about the sea, the wind and the waves."

Result = TypeVar("Result")
Work = Callable[[ClientSession], Awaitable[Result]]


@pytest.fixture(scope="module")
def app(locked_app: App) -> App:
    return locked_app


def connected(app: App, work: Work[Result], headers: dict[str, str] = KEY) -> Result:
    async def run() -> Result:
        async with (
            httpx.AsyncClient(headers=headers, timeout=60) as http_client,
            streamable_http_client(f"{app.url}/mcp", http_client=http_client) as (
                reader,
                writer,
                _,
            ),
            ClientSession(reader, writer) as session,
        ):
            await session.initialize()
            return await work(session)

    return asyncio.run(run())


def call(app: App, tool: str, **arguments: Any) -> CallToolResult:
    return connected(app, lambda session: session.call_tool(tool, arguments))


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def coded(name: str) -> str:
    return base64.b64encode((ASSETS / name).read_bytes()).decode()


def test_there_are_six_tools_that_explain_themselves(app: App) -> None:
    listed: ListToolsResult = connected(app, lambda session: session.list_tools())
    assert {tool.name for tool in listed.tools} == TOOLS
    for tool in listed.tools:
        assert tool.description
        assert tool.description.endswith(".") or "\n" not in tool.description
        for name, schema in tool.inputSchema["properties"].items():
            assert schema["description"], f"{tool.name}.{name}"
            assert schema["type"] in ("string", "number", "integer", "boolean")


def test_ask_answers(app: App) -> None:
    result = call(app, "ask", question="What is the capital of France? Answer briefly.")
    assert not result.isError
    assert "Paris" in text_of(result)


def test_speak_says_what_transcribe_hears(app: App) -> None:
    said = "The quick brown fox jumps over the lazy dog."
    spoken = call(app, "speak", text=said)
    (audio,) = spoken.content
    assert isinstance(audio, AudioContent)
    assert audio.mimeType == "audio/mpeg"
    heard = text_of(call(app, "transcribe", audio=audio.data))
    assert sounds_like(heard, said)
    uri = f"data:audio/mpeg;base64,{audio.data}"
    assert "-->" in text_of(call(app, "transcribe", audio=uri, format="srt"))


def test_describe_image_reads_a_receipt(app: App) -> None:
    receipt = f"data:image/png;base64,{coded('example-receipt.png')}"
    assert "TOTAL" in text_of(call(app, "describe_image", image=receipt)).upper()
    answer = call(app, "describe_image", image=receipt, question="What is this?")
    assert not answer.isError
    assert text_of(answer)


def test_documents_are_found_and_cited(app: App) -> None:
    handbook = ("example-handbook.pdf", (ASSETS / "example-handbook.pdf").read_bytes())
    indexed = httpx.post(
        f"{app.url}/gen/v1/rag/index-file",
        files={"file": handbook},
        data={"collection_name": "books"},
        headers=KEY,
        timeout=60,
    )
    assert indexed.status_code == 200, indexed.text
    found = call(app, "search_documents", collection="books", query="holidays", top_k=2)
    assert found.structuredContent is not None
    passages = found.structuredContent["passages"]
    assert len(passages) == 2
    assert passages[0]["document"] == "example-handbook.pdf"
    assert passages[0]["score"] >= passages[1]["score"] - 0.3  # fused with words, not cosine alone
    question = "How many holidays does the island have?"
    answer = call(app, "ask", question=question, collection="books")
    assert not answer.isError
    assert text_of(answer)
    quoted = call(app, "ask", question="How high is the tower?", collection="books", quote=True)
    assert not quoted.isError
    assert "41 metres" in text_of(quoted)
    assert "[1]" in text_of(quoted)
    bare = call(app, "ask", question=question, quote=True)
    assert bare.isError
    assert "Name a collection" in text_of(bare)


def test_list_models_has_a_default_of_each_modality(app: App) -> None:
    result = call(app, "list_models")
    assert result.structuredContent is not None
    models = result.structuredContent["models"]
    defaults = [model["modality"] for model in models if model["is_default"]]
    assert defaults == ["text", "stt", "tts", "vision", "rag"]


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("ask", {}, "question: Field required"),
        ("ask", {"question": ""}, "at least 1 character"),
        ("ask", {"question": "word " * 20_000}, "tokens long"),
        ("ask", {"question": "Hi?", "collection": "nothing"}, "no collection called “nothing”"),
        ("speak", {"text": "Hi", "speed": 9}, "speed: Input should be less than or equal to 2"),
        ("speak", {"text": "Hi", "voice": "Nobody"}, "No voice is called|no voice|Nobody"),
        ("transcribe", {"audio": "/etc/passwd"}, "'/etc/passwd' is no recording"),
        ("transcribe", {"audio": "file:///etc/passwd"}, "not from 'file'"),
        ("transcribe", {"audio": "http://127.0.0.1:1/a.mp3"}, "127.0.0.1 is not a public host"),
        ("transcribe", {"audio": "%%%"}, "not base64"),
        ("transcribe", {"audio": "QUJD" * 100}, "not a recording that can be read"),
        ("describe_image", {"image": "http://localhost/"}, "localhost is not a public host"),
        ("describe_image", {"image": "QUJD" * 100}, "picture|image"),
        ("search_documents", {"collection": "c", "query": "q", "top_k": 0}, "greater than or"),
        ("search_documents", {"collection": "nothing", "query": "q"}, "nothing"),
        ("remove_everything", {}, "No tool is called 'remove_everything'; known: ask, "),
    ],
)
def test_what_is_wrong_is_one_sentence(
    app: App, tool: str, arguments: dict[str, Any], sentence: str
) -> None:
    result = call(app, tool, **arguments)
    assert result.isError
    answer = text_of(result)
    assert "\n" not in answer
    assert "Traceback" not in answer
    assert any(part in answer for part in sentence.split("|")), answer


def test_long_work_reports_its_progress(app: App) -> None:
    reports: list[tuple[float, float | None]] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        reports.append((progress, total))

    async def work(session: ClientSession) -> CallToolResult:
        audio = coded("example-speech.mp3")
        return await session.call_tool("transcribe", {"audio": audio}, progress_callback=listen)

    assert not connected(app, work).isError
    assert reports
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_without_a_key_there_is_no_session(app: App, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{app.url}/mcp", headers=headers, json=INITIALIZE)
    assert answer.status_code == 401
    foreign = httpx.post(
        f"{app.url}/mcp", headers={**KEY, "Origin": "https://evil.example"}, json=INITIALIZE
    )
    assert foreign.status_code == 403


def test_a_session_belongs_to_its_key(app: App) -> None:
    session = open_session(app)
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    assert httpx.post(f"{app.url}/mcp", headers={**session, **KEY}, json=ping).status_code == 200
    stolen = httpx.post(f"{app.url}/mcp", headers={**session, **OTHER_KEY}, json=ping)
    assert stolen.status_code == 404


@pytest.mark.parametrize("way", ["leaves", "cancels"])
def test_a_caller_that_gives_up_frees_the_worker(app: App, way: str) -> None:
    session = {**open_session(app, OTHER_KEY), **OTHER_KEY}
    address = httpx.URL(app.url)
    connection = http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT_S)
    params = {"name": "ask", "arguments": {"question": STORY}}
    asked = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}
    connection.request("POST", "/mcp", json.dumps(asked), session)
    wait_until(app, "busy", TIMEOUT_S)
    if way == "leaves":
        connection.close()
    else:
        note = {"method": "notifications/cancelled", "params": {"requestId": 7}}
        answer = httpx.post(f"{app.url}/mcp", headers=session, json={"jsonrpc": "2.0", **note})
        assert answer.status_code == 202
    wait_until(app, "ready", SOON_S)
    connection.close()


def test_a_keys_places_count_tools_and_not_the_protocol(app: App) -> None:
    """Carol may run one: a second call is refused, in the tool's words, and the session lives on."""

    async def work(session: ClientSession) -> CallToolResult:
        long = asyncio.create_task(session.call_tool("ask", {"question": STORY}))
        await asyncio.to_thread(wait_until, app, "busy", TIMEOUT_S)
        refused = await session.call_tool("list_models", {})
        await session.send_ping()
        long.cancel()
        return refused

    refused = connected(app, work)
    assert refused.isError
    assert "“carol” may have 1 requests running and 0 waiting" in text_of(refused)
    give_up = time.monotonic() + SOON_S
    while call(app, "list_models").isError:  # the end of the session ends its work
        assert time.monotonic() < give_up
        time.sleep(0.05)


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


def open_session(app: App, key: dict[str, str] = KEY) -> dict[str, str]:
    answer = httpx.post(f"{app.url}/mcp", headers={**ACCEPT, **key}, json=INITIALIZE)
    session = {**ACCEPT, "Mcp-Session-Id": answer.headers["mcp-session-id"]}
    begun = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    httpx.post(f"{app.url}/mcp", headers={**session, **key}, json=begun).raise_for_status()
    return session


def wait_until(app: App, state: str, timeout_s: float) -> None:
    give_up = time.monotonic() + timeout_s
    while (now := httpx.get(f"{app.url}/readyz").json()["text"]) != state:
        assert time.monotonic() < give_up, now
        time.sleep(0.05)
