"""Requests that ask for more than can be given: refused with one sentence at every door, at once."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from api.core.completions.convert import to_completes
from api.core.completions.schemas import CompletionRequest
from configs.catalogue import load_catalogue
from tests.running import App
from workers.engines.text.schemas import MAX_LEVELS, check_grammar, read_schema
from workers.engines.text.tools import MAX_TOOLS, check_tools
from workers.messages import ChatMessage, Generate, Tool
from workers.messages.errors import UnsupportedInputError

CHAT = [{"role": "user", "content": "Hi"}]
LONG = "quoted " * 100_000
"""0.7 MB: longer than any sentence, shorter than any limit on bodies."""


def nested(levels: int) -> dict[str, Any]:
    """Return a valid schema of that many objects and lists within each other."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels - 1):
        schema = {"anyOf": [schema]}
    return schema


def tool(schema: dict[str, Any], name: str = "t") -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": schema}}


def with_schema(schema: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return a body per place in which a schema may be sent, at every door that takes one."""
    named = {"name": "s", "schema": schema}
    form = {"type": "json_schema", "json_schema": named}
    own = {"name": "t", "input_schema": schema}
    flat = {"type": "function", "name": "t", "parameters": schema}
    return {
        "response_format": ("/v1/chat/completions", {"messages": CHAT, "response_format": form}),
        "tools": ("/v1/chat/completions", {"messages": CHAT, "tools": [tool(schema)]}),
        "a forced tool": (
            "/v1/chat/completions",
            {"messages": CHAT, "tools": [tool(schema)], "tool_choice": "required"},
        ),
        "functions": (
            "/v1/chat/completions",
            {"messages": CHAT, "functions": [{"name": "t", "parameters": schema}]},
        ),
        "completions": ("/v1/completions", {"prompt": "Hi", "response_format": form}),
        "messages": ("/v1/messages", {"messages": CHAT, "max_tokens": 2, "tools": [own]}),
        "responses": ("/v1/responses", {"input": "Hi", "tools": [flat]}),
        "responses' text": (
            "/v1/responses",
            {"input": "Hi", "text": {"format": {"type": "json_schema", **named}}},
        ),
    }


@pytest.mark.parametrize("place", with_schema({}))
@pytest.mark.parametrize("levels", [100, 250, 400])
def test_a_deep_schema_is_refused_at_every_door(app: App, place: str, levels: int) -> None:
    path, body = with_schema(nested(levels))[place]
    answer = httpx.post(f"{app.url}{path}", json={"max_tokens": 2, **body}, timeout=60)
    assert answer.status_code == 400, answer.text
    assert "nested" in answer.text


@pytest.mark.parametrize("place", with_schema({}))
def test_one_deeper_than_json_can_be_read_is_refused_too(app: App, place: str) -> None:
    path, body = with_schema({"HERE": 1})[place]
    text = json.dumps({"max_tokens": 2, **body}).replace(
        '{"HERE": 1}', '{"anyOf": [' * 5000 + "{}" + "]}" * 5000
    )
    head = {"Content-Type": "application/json"}
    logged_before = len(app.log.read_text())
    answer = httpx.post(f"{app.url}{path}", content=text, headers=head, timeout=60)
    assert 400 <= answer.status_code < 500, answer.text
    assert "Traceback" not in app.log.read_text()[logged_before:]


def test_a_schema_of_the_deepest_that_is_taken_is_checked_without_harm() -> None:
    schema = nested(MAX_LEVELS // 2)
    assert read_schema(json.dumps(schema), "The schema") == schema
    with pytest.raises(UnsupportedInputError, match="nested in more than 64 levels"):
        read_schema(json.dumps(nested(MAX_LEVELS)), "The schema")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": CHAT, "tools": [tool({}, f"t{n}") for n in range(1000)]}),
        ("/v1/messages", {
            "messages": CHAT, "max_tokens": 2,
            "tools": [{"name": f"t{n}", "input_schema": {"type": "object"}} for n in range(1000)],
        }),
        ("/v1/responses", {
            "input": "Hi",
            "tools": [{"type": "function", "name": f"t{n}", "parameters": {}} for n in range(1000)],
        }),
    ],
    ids=["openai", "anthropic", "responses"],
)  # fmt: skip
def test_a_thousand_tools_are_refused(app: App, path: str, body: dict[str, Any]) -> None:
    answer = httpx.post(f"{app.url}{path}", json=body, timeout=60)
    assert answer.status_code == 400, answer.text
    assert "1,000 tools were sent; at most 128" in answer.text


def test_as_many_tools_as_may_be_are_each_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    monkeypatch.setattr(
        "workers.engines.text.tools.read_schema", lambda text, what: checked.append(what)
    )
    tools = tuple(Tool(name=f"t{n}", description="", parameters="{}") for n in range(MAX_TOOLS))
    check_tools(Generate(messages=(ChatMessage(role="user", text="Hi"),), tools=tools))
    assert len(checked) == MAX_TOOLS


def test_choices_count_as_prompts(app: App) -> None:
    card = load_catalogue()["smollm2-135m-instruct"]
    fitting = CompletionRequest(prompt=["a"] * 2, n=16)
    assert len(to_completes(fitting, card)) == 32
    for body in ({"prompt": ["a"] * 33}, {"prompt": ["a"] * 3, "n": 16}, {"prompt": ["a"] * 5000}):
        answer = httpx.post(f"{app.url}/v1/completions", json=body, timeout=60)
        assert answer.status_code == 400
        assert "at most 32 are continued at once" in answer.text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": CHAT, "model": LONG}),
        ("/v1/chat/completions", {"messages": [{"role": LONG, "content": "Hi"}]}),
        ("/v1/chat/completions", {"messages": CHAT, "tools": [tool({})], "tool_choice": LONG}),
        ("/v1/chat/completions", {
            "messages": CHAT, "tools": [tool({})],
            "tool_choice": {"type": "function", "function": {"name": LONG}},
        }),
        ("/v1/chat/completions", {"messages": CHAT, "temperature": LONG}),
        ("/v1/chat/completions", {"messages": CHAT, "tools": [tool({"type": LONG})]}),
        ("/v1/chat/completions", {"messages": CHAT, "grammar": LONG}),
        ("/v1/chat/completions", {"messages": [
            {"role": "user", "content": [{"type": LONG, "text": "Hi"}]},
        ]}),
        ("/v1/chat/completions", {"messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": LONG}]},
        ]}),
        ("/v1/messages", {"messages": CHAT, "max_tokens": 2, "model": LONG}),
        ("/v1/responses", {"input": "Hi", "model": LONG}),
        ("/v1/responses", {"input": "Hi", "previous_response_id": LONG}),
        ("/v1/embeddings", {"input": "Hi", "model": LONG}),
        ("/v1/embeddings", {"input": "Hi", "encoding_format": LONG}),
        ("/v1/rerank", {"query": "a", "documents": ["b"], "model": LONG}),
        ("/v1/audio/speech", {"input": "Hi.", "voice": LONG}),
        ("/v1/audio/speech", {"input": "Hi.", "model": LONG}),
        ("/v1/audio/speech", {"input": "Hi.", "response_format": LONG}),
        ("/gen/v1/rag/retrieve", {"collection_name": LONG, "query_texts": "Hi"}),
        ("/generate", {"prompt": "Hi", "params": {"temperature": LONG}}),
        ("/edits", {"instruction": "Shout", "input": "Hi", "model": LONG}),
        ("/tts", {"input": "Hi.", "model": LONG}),
    ],
)  # fmt: skip
def test_no_refusal_quotes_a_long_input_at_length(
    app: App, path: str, body: dict[str, Any]
) -> None:
    answer = httpx.post(f"{app.url}{path}", json=body, timeout=60)
    assert answer.status_code >= 400, answer.text[:500]
    assert len(answer.text) < 5000, answer.text[:500]
    assert answer.text.count("quoted") < 40, answer.text[:3000]


ENDLESS: list[dict[str, Any]] = [
    {"type": "integer", "minimum": 10**18},
    {"type": "integer", "exclusiveMinimum": 2**62},
    {"type": "integer", "maximum": -(10**17)},
    {"type": "integer", "minimum": 10, "maximum": 3},
    {"type": "string", "minLength": 10, "maxLength": 3},
    {"type": "array", "items": {"type": "string"}, "minItems": 10, "maxItems": 3},
    {"type": "string", "pattern": "^a{10,3}$"},
]
"""llama.cpp would take memory for each until none is left."""
USUAL: list[dict[str, Any]] = [
    {"type": "integer", "minimum": -(2**53 - 1), "maximum": 2**53 - 1},
    {"type": "integer", "maximum": 2**63 - 1},
    {"type": "integer", "minimum": -(2**63)},
    {"type": "integer", "minimum": 0},
    {"type": "string", "minLength": 1, "maxLength": 3, "pattern": r"^a{1,3}\{3,1}$"},
]


@pytest.mark.parametrize("schema", ENDLESS, ids=str)
def test_bounds_that_an_engine_chokes_on_are_refused(schema: dict[str, Any]) -> None:
    for within in (schema, {"type": "object", "properties": {"a": schema}}):
        with pytest.raises(UnsupportedInputError):
            read_schema(json.dumps(within), "The JSON schema")


@pytest.mark.parametrize("schema", USUAL, ids=str)
def test_bounds_that_others_write_are_taken(schema: dict[str, Any]) -> None:
    assert read_schema(json.dumps(schema), "The JSON schema") == schema


@pytest.mark.parametrize("grammar", ['root ::= "a"{10,3}', 'root ::= "a"{ 2000 , 100 }'])
def test_a_repetition_from_more_to_less_is_refused(grammar: str) -> None:
    with pytest.raises(UnsupportedInputError, match="repeats something"):
        check_grammar(grammar)
