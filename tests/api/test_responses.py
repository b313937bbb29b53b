"""The Responses API, driven by the official openai package."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import pytest

from tests.api.test_chat import picture_with
from tests.running import App

GREEDY: dict[str, Any] = {
    "model": "smollm2-135m-instruct",
    "temperature": 0,
    "max_output_tokens": 32,
}
CAPITAL = "What is the capital of France? Answer briefly."
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


@pytest.fixture(scope="module")
def client(app: App) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{app.url}/v1", api_key="none", max_retries=0)


def test_a_response_is_text_with_its_usage(client: Any) -> None:
    answer = client.responses.create(input=CAPITAL, **GREEDY)
    assert "Paris" in answer.output_text
    assert (answer.status, answer.output[0].type) == ("completed", "message")
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


def test_a_stream_is_the_same_response(client: Any) -> None:
    whole = client.responses.create(input=CAPITAL, **GREEDY)
    with client.responses.stream(input=CAPITAL, **GREEDY) as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert final.output_text == whole.output_text
    assert [event.sequence_number for event in events] == list(range(len(events)))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == whole.output_text


def test_a_cut_response_says_so(client: Any) -> None:
    answer = client.responses.create(
        input="Tell a long story.", **{**GREEDY, "max_output_tokens": 5}
    )
    assert answer.status == "incomplete"
    assert answer.incomplete_details is not None
    assert answer.incomplete_details.reason == "max_output_tokens"


def test_a_response_can_be_continued_by_its_id(client: Any) -> None:
    parrot = "You are a parrot. Whatever is asked, you answer only: Polly wants a cracker."
    first = client.responses.create(input="Who are you?", instructions=parrot, **GREEDY)
    assert "olly" in first.output_text
    second = client.responses.create(input=CAPITAL, previous_response_id=first.id, **GREEDY)
    assert second.usage is not None
    alone = client.responses.create(input=CAPITAL, **GREEDY)
    assert alone.usage is not None
    assert second.usage.input_tokens > alone.usage.input_tokens + 8
    assert client.responses.retrieve(first.id).output_text == first.output_text
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError, match="No response is called"):
        client.responses.retrieve(first.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.create(input="And?", previous_response_id=first.id, **GREEDY)


@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "get_weather"}])
def test_a_function_is_called(client: Any, choice: Any) -> None:
    settings: dict[str, Any] = {
        "input": "What is the weather in Paris?",
        "tools": [WEATHER],
        "tool_choice": choice,
        **GREEDY,
        "max_output_tokens": 60,
    }
    (call,) = client.responses.create(**settings).output
    assert (call.type, call.name) == ("function_call", "get_weather")
    assert isinstance(json.loads(call.arguments)["city"], str)
    with client.responses.stream(**settings) as stream:
        (streamed,) = stream.get_final_response().output
    assert streamed.arguments == call.arguments


def test_the_output_of_a_function_goes_into_the_conversation(client: Any) -> None:
    items: list[Any] = [
        {"role": "user", "content": [{"type": "input_text", "text": "The weather in Rome?"}]},
        {
            "type": "function_call",
            "call_id": "call_1",
            "name": "get_weather",
            "arguments": '{"city": "Rome"}',
        },
        {"type": "function_call_output", "call_id": "call_1", "output": "Sunny, 31 degrees."},
    ]
    answer = client.responses.create(input=items, tools=[WEATHER], tool_choice="none", **GREEDY)
    assert answer.output_text


def test_a_schema_is_enforced(client: Any) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    }
    form: Any = {"format": {"type": "json_schema", "name": "place", "schema": schema}}
    answer = client.responses.create(input=CAPITAL, text=form, **GREEDY)
    assert set(json.loads(answer.output_text)) == {"city"}


def test_a_picture_is_looked_at(client: Any) -> None:
    """What is written on it is part of the prompt; what a tiny model makes of it is its own affair."""

    def num_read(sign: str) -> int:
        content: list[Any] = [
            {"type": "input_text", "text": "What does the sign say? Answer briefly."},
            {"type": "input_image", "image_url": picture_with(sign)},
        ]
        answer = client.responses.create(input=[{"role": "user", "content": content}], **GREEDY)
        assert answer.output_text
        return int(answer.usage.input_tokens)

    assert num_read("Platform 7 is shut") >= num_read("Platform 7") + 2


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({}, 400, "input: Field required"),
        ({"input": ""}, 400, "empty"),
        ({"input": [{"type": "reasoning"}]}, 400, "empty"),  # a thought that is sent back
        ({"input": [{"type": "web_search_call"}]}, 400, "'web_search_call'"),
        ({"input": "Hi.", "model": "gpt-9"}, 404, "'gpt-9'"),
        ({"input": "Hi.", "tools": [{"type": "web_search"}]}, 400, "tools"),
    ],
)
def test_a_wrong_body_is_refused_in_one_sentence(
    app: App, body: dict[str, Any], status: int, sentence: str
) -> None:
    refused = httpx.post(f"{app.url}/v1/responses", json=body)
    assert refused.status_code == status
    assert sentence in refused.json()["error"]["message"]
