"""The Messages API, driven by the official anthropic package."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import httpx
import pytest

from tests.api.test_chat import picture_with
from tests.running import App

MODEL = "smollm2-135m-instruct"
CAPITAL = [{"role": "user", "content": "What is the capital of France? Answer briefly."}]
GREEDY: dict[str, Any] = {"model": MODEL, "max_tokens": 24, "extra_body": {"temperature": 0}}
TOOLS = [
    {
        "name": "get_weather",
        "description": "Get the weather of a city",
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    }
]


@pytest.fixture(scope="module")
def client(app: App) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=app.url, api_key="none", max_retries=0)


def test_a_message_is_answered_with_its_usage(client: Any) -> None:
    answer = client.messages.create(messages=CAPITAL, **GREEDY)
    assert answer.content[0].type == "text"
    assert "Paris" in answer.content[0].text
    assert (answer.role, answer.stop_reason, answer.model) == ("assistant", "end_turn", MODEL)
    assert answer.usage.output_tokens > 0
    assert answer.usage.input_tokens + (answer.usage.cache_read_input_tokens or 0) > 10


def test_a_system_prompt_is_heard(client: Any) -> None:
    system = "You are a parrot. Whatever is asked, you answer only: Polly wants a cracker."
    blocks = [{"type": "text", "text": system}]
    question = [{"role": "user", "content": [{"type": "text", "text": "Who are you?"}]}]
    answer = client.messages.create(system=blocks, messages=question, **GREEDY)
    assert "olly" in answer.content[0].text


def test_a_stream_is_the_same_answer(client: Any) -> None:
    whole = client.messages.create(messages=CAPITAL, **GREEDY)
    with client.messages.stream(messages=CAPITAL, **GREEDY) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == whole.content[0].text
    assert final.stop_reason == "end_turn"
    assert final.usage.output_tokens == whole.usage.output_tokens


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "get_weather"}])
def test_a_tool_is_used(client: Any, choice: dict[str, str]) -> None:
    settings: dict[str, Any] = {
        "messages": [{"role": "user", "content": "What is the weather in Paris?"}],
        "tools": TOOLS,
        "tool_choice": choice,
        **GREEDY,
        "max_tokens": 60,
    }
    answer = client.messages.create(**settings)
    (use,) = answer.content
    assert (answer.stop_reason, use.type, use.name) == ("tool_use", "tool_use", "get_weather")
    assert isinstance(use.input["city"], str)
    with client.messages.stream(**settings) as stream:
        (streamed,) = stream.get_final_message().content
    assert streamed.input == use.input


def test_the_result_of_a_tool_is_taken_into_the_conversation(client: Any) -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Rome"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Sunny, 31 degrees."}
    answer = client.messages.create(
        messages=[
            {"role": "user", "content": "How is the weather in Rome?"},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ],
        tools=TOOLS,
        tool_choice={"type": "none"},
        **GREEDY,
    )
    assert answer.stop_reason in ("end_turn", "max_tokens")
    assert answer.content[0].text


def test_a_picture_is_looked_at(client: Any) -> None:
    """What is written on it is part of the prompt; what a tiny model makes of it is its own affair."""

    def num_read(sign: str) -> int:
        data = picture_with(sign).partition(",")[2]
        source = {"type": "base64", "media_type": "image/png", "data": data}
        content = [
            {"type": "image", "source": source},
            {"type": "text", "text": "What does the sign say? Answer briefly."},
        ]
        answer = client.messages.create(messages=[{"role": "user", "content": content}], **GREEDY)
        assert answer.content[0].text
        return int(answer.usage.input_tokens + (answer.usage.cache_read_input_tokens or 0))

    assert num_read("Platform 7 is shut") >= num_read("Platform 7") + 2


def test_tokens_are_counted_by_the_model(client: Any) -> None:
    short = client.messages.count_tokens(model=MODEL, messages=CAPITAL)
    longer = [{"role": "user", "content": CAPITAL[0]["content"] + " word" * 50}]
    long = client.messages.count_tokens(model=MODEL, messages=longer)
    answer = client.messages.create(messages=CAPITAL, **GREEDY)
    usage = answer.usage
    assert short.input_tokens == usage.input_tokens + (usage.cache_read_input_tokens or 0)
    assert long.input_tokens == short.input_tokens + 50


def test_models_are_listed(client: Any) -> None:
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).display_name == "SmolLM2 135M Instruct"


def test_errors_have_anthropics_shape(app: App, client: Any) -> None:
    with pytest.raises(anthropic.NotFoundError, match="'claude-9'"):
        client.messages.create(messages=CAPITAL, **{**GREEDY, "model": "claude-9"})
    with pytest.raises(anthropic.BadRequestError, match="tokens long"):
        client.messages.create(messages=[{"role": "user", "content": "word " * 20_000}], **GREEDY)
    for body, sentence in (
        ({"messages": CAPITAL}, "max_tokens: Field required"),
        ({"messages": [], "max_tokens": 5}, "messages"),
        ({"messages": CAPITAL, "max_tokens": 0}, "max_tokens is 0"),
        (
            {"messages": [{"role": "user", "content": [{"type": "document"}]}], "max_tokens": 5},
            "'document'",
        ),
    ):
        refused = httpx.post(f"{app.url}/v1/messages", json=body)
        assert refused.status_code == 400
        error = refused.json()
        assert (error["type"], error["error"]["type"]) == ("error", "invalid_request_error")
        assert sentence in error["error"]["message"]


def test_the_stream_is_written_as_anthropic_writes_it(app: App) -> None:
    body = {"model": MODEL, "max_tokens": 24, "messages": CAPITAL, "stream": True}
    with httpx.stream("POST", f"{app.url}/v1/messages", json=body) as answer:
        lines = [line for line in answer.iter_lines() if line]
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    datas = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert [data["type"] for data in datas] == names
    assert names[:2] == ["message_start", "content_block_start"]
    assert names[-3:] == ["content_block_stop", "message_delta", "message_stop"]
