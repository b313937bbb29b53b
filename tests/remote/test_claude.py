"""Claude's engine against a server that speaks Messages as Anthropic documents it."""

from __future__ import annotations

import json
import logging
import threading

import pytest

from tests.remote.conftest import KEY, KEY_NAME, Load
from tests.remote.scripted import Reply, answer, serving, stream
from workers.engines.contract import CancelToken, Worker
from workers.messages import (
    ChatMessage,
    Complete,
    Constraint,
    Event,
    Finished,
    Generate,
    SamplingParams,
    TextDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from workers.messages.errors import (
    ContextTooLongError,
    LoadError,
    RemoteError,
    UnsupportedInputError,
)

USAGE = {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 1}
START = {
    "type": "message_start",
    "message": {"id": "msg_1", "type": "message", "role": "assistant", "usage": USAGE},
}
WEATHER = Tool(
    name="get_weather",
    description="The weather in a city",
    parameters='{"type": "object", "properties": {"city": {"type": "string"}}}',
)


def text_block(index: int, *pieces: str) -> list[dict[str, object]]:
    block = {"type": "text", "text": ""}
    deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def call_block(index: int, *pieces: str) -> list[dict[str, object]]:
    block = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def end(reason: str) -> list[dict[str, object]]:
    delta = {"stop_reason": reason, "stop_sequence": None}
    return [
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 7}},
        {"type": "message_stop"},
    ]


PARIS = stream(START, {"type": "ping"}, *text_block(0, "Par", "is."), *end("end_turn"))


def refusal(status: int, kind: str, message: str) -> Reply:
    return answer({"type": "error", "error": {"type": kind, "message": message}}, status)


def ask(worker: Worker, request: Generate | Complete) -> list[Event]:
    return list(worker.handle(request, CancelToken()))


def chat(*texts: str, **options: object) -> Generate:
    messages = tuple(ChatMessage(role="user", text=text) for text in texts)
    return Generate(messages=messages, **options)  # type: ignore[arg-type]


def test_an_answer_is_streamed_with_its_cost(load: Load, key: str) -> None:
    with serving(PARIS) as server:
        worker = load("text", server.url, "claude", api_key_env=key, remote_model="claude-x")
        events = ask(worker, chat("What is the capital of France?"))
    assert [e.text for e in events if isinstance(e, TextDelta)] == ["Par", "is."]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.reason == "stop"
    usage = finished.usage
    assert usage == Usage(
        prompt_tokens=15,
        cached_tokens=5,
        completion_tokens=7,
        prefill_s=usage.prefill_s,
        decode_s=usage.decode_s,
    )
    assert server.seen[0].path == "/v1/messages"
    assert KEY in str(server.seen[0].headers)


def test_the_conversation_is_said_anthropics_way(load: Load, key: str) -> None:
    call = ToolCall(call_id="toolu_1", name="get_weather", arguments='{"city": "Oslo"}')
    request = Generate(
        messages=(
            ChatMessage(role="system", text="Be brief."),
            ChatMessage(role="user", text="Weather in Oslo?"),
            ChatMessage(role="assistant", text="", tool_calls=(call,)),
            ChatMessage(role="tool", text="rain", tool_call_id="toolu_1"),
        ),
        sampling=SamplingParams(max_tokens=50, stop=("END",)),
        tools=(WEATHER,),
        tool_choice="required",
        constraint=Constraint(kind="schema", text='{"type": "object"}'),
    )
    with serving(PARIS) as server:
        ask(load("text", server.url, "claude", api_key_env=key, extensions=False), request)
    body = server.seen[0].json
    use = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Oslo"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "rain"}
    assert body == {
        "model": "far-text",
        "stream": True,
        "max_tokens": 50,
        "stop_sequences": ["END"],
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "Weather in Oslo?"},
            {"role": "assistant", "content": [use]},
            {"role": "user", "content": [result]},
        ],
        "tools": [
            {
                "name": "get_weather",
                "description": "The weather in a city",
                "input_schema": json.loads(WEATHER.parameters),
            }
        ],
        "tool_choice": {"type": "any"},
        "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
    }


def test_a_tool_call_arrives_in_pieces(load: Load, key: str) -> None:
    reply = stream(
        START,
        *text_block(0, "Let me look."),
        *call_block(1, '{"city": ', '"Oslo"}'),
        *end("tool_use"),
    )
    with serving(reply) as server:
        worker = load("text", server.url, "claude", api_key_env=key)
        events = ask(worker, chat("Weather in Oslo?", tools=(WEATHER,)))
    calls = [event for event in events if isinstance(event, ToolCallDelta)]
    assert {call.index for call in calls} == {0}
    assert (calls[0].call_id, calls[0].name) == ("toolu_1", "get_weather")
    assert json.loads("".join(call.arguments for call in calls)) == {"city": "Oslo"}
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "tool_calls"


@pytest.mark.parametrize(
    ("anthropics", "ours"),
    [
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("stop_sequence", "stop"),
        ("refusal", "stop"),
    ],
)
def test_the_reason_is_translated(load: Load, key: str, anthropics: str, ours: str) -> None:
    with serving(stream(START, *text_block(0, "Well"), *end(anthropics))) as server:
        events = ask(load("text", server.url, "claude", api_key_env=key), chat("Hello?"))
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == ours


def test_sampling_goes_only_to_servers_that_take_it(load: Load, key: str) -> None:
    request = chat("Hello?", sampling=SamplingParams(temperature=1.6, top_k=7))
    with serving(PARIS) as server:
        ask(load("text", server.url, "claude", api_key_env=key, extensions=False), request)
        ask(load("text", server.url, "claude", api_key_env=key, omit=["top_p"]), request)
    without, with_it = (seen.json for seen in server.seen)
    assert {"temperature", "top_p", "top_k"} & without.keys() == set()
    assert (with_it["temperature"], with_it["top_k"]) == (1.0, 7)
    assert "top_p" not in with_it


def test_a_refused_key_is_named_and_never_shown(
    load: Load, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    reply = refusal(401, "authentication_error", f"invalid x-api-key {KEY}")
    with serving(reply) as server, pytest.raises(RemoteError) as caught:
        ask(load("text", server.url, "claude", api_key_env=key), chat("Hello?"))
    assert f"The key in {KEY_NAME} was refused" in str(caught.value)
    assert KEY not in str(caught.value) + caplog.text


def test_a_long_prompt_is_reported_as_one(load: Load, key: str) -> None:
    words = "prompt is too long: 210000 tokens > 200000 maximum"
    reply = refusal(400, "invalid_request_error", words)
    with serving(reply) as server, pytest.raises(ContextTooLongError, match="210000"):
        ask(load("text", server.url, "claude", api_key_env=key), chat("Hello?"))


def test_an_overloaded_server_in_the_middle_of_an_answer(load: Load, key: str) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    reply = stream(START, *text_block(0, "Well"), error)
    with serving(reply) as server, pytest.raises(RemoteError, match="Overloaded"):
        ask(load("text", server.url, "claude", api_key_env=key), chat("Hello?"))


@pytest.mark.parametrize("how", ["cut", "short"])
def test_half_an_answer_is_not_taken_for_a_whole_one(load: Load, key: str, how: str) -> None:
    reply = stream(START, *text_block(0, "Well"), end=how)
    with serving(reply) as server, pytest.raises(RemoteError, match="broke off"):
        ask(load("text", server.url, "claude", api_key_env=key), chat("Hello?"))


def test_cancel_leaves_a_silent_server(load: Load, key: str) -> None:
    cancel = CancelToken()
    with serving(stream(START, *text_block(0, "Well"), end="stalled")) as server:
        worker = load("text", server.url, "claude", api_key_env=key)
        threading.Timer(0.3, cancel.cancel).start()
        events = list(worker.handle(chat("Hello?"), cancel))
        assert not any(isinstance(event, Finished) for event in events)
        assert server.is_left.wait(60)


def test_what_claude_cannot_do_is_said(load: Load, key: str) -> None:
    worker = load("text", "http://127.0.0.1:9", "claude", api_key_env=key)
    with pytest.raises(UnsupportedInputError, match="raw text"):
        ask(worker, Complete(prompt="Once upon"))
    with pytest.raises(UnsupportedInputError, match="a grammar"):
        ask(worker, chat("Hello?", constraint=Constraint(kind="grammar", text='root ::= "a"')))


def test_a_card_without_a_key_name_uses_anthropics(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(LoadError, match="ANTHROPIC_API_KEY is not set"):
        load("text", "http://127.0.0.1:9", "claude")
