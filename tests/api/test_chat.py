"""Chat and text completions, driven by the official openai package."""

from __future__ import annotations

import base64
import io
import json
import time
from typing import Any

import httpx
import openai
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.running import App

GREEDY: dict[str, Any] = {
    "temperature": 0,
    "max_tokens": 24,
    "extra_body": {"repeat_penalty": 1},
    "model": "smollm2-135m-instruct",
}
CAPITAL = [{"role": "user", "content": "What is the capital of France? Answer briefly."}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Get the weather of a city",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]


@pytest.fixture(scope="module")
def client(app: App) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{app.url}/v1", api_key="none", max_retries=0)


def wait_until_idle(app: App) -> None:
    """An answer of the page goes on when its tab has closed; beside it, a batch adds up otherwise."""
    give_up = time.monotonic() + 300
    while httpx.get(f"{app.url}/readyz", timeout=30).json()["text"] == "busy":
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_several_choices_are_several_answers(client: Any, app: App) -> None:
    wait_until_idle(app)
    settings = {**GREEDY, "temperature": 1.5, "seed": 3, "n": 3}
    story = [{"role": "user", "content": "Invent a name for a ship."}]
    answer = client.chat.completions.create(messages=story, **settings)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in answer.choices}) > 1
    assert answer.usage is not None
    assert answer.usage.completion_tokens > 3
    again = client.chat.completions.create(messages=story, **settings)
    assert [c.message.content for c in again.choices] == [c.message.content for c in answer.choices]


def test_a_stream_of_choices_carries_one_id_and_the_usage_last(client: Any) -> None:
    chunks = list(
        client.chat.completions.create(
            messages=CAPITAL, n=2, stream=True, stream_options={"include_usage": True}, **GREEDY
        )
    )
    assert len({chunk.id for chunk in chunks}) == 1
    for index in (0, 1):
        mine = [
            chunk.choices[0]
            for chunk in chunks
            if chunk.choices and chunk.choices[0].index == index
        ]
        assert mine[0].delta.role == "assistant"
        assert "Paris" in "".join(choice.delta.content or "" for choice in mine)
        assert mine[-1].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens > 0


def test_a_required_tool_is_called(client: Any) -> None:
    question = [{"role": "user", "content": "What is the weather in Paris?"}]
    settings: dict[str, Any] = {"messages": question, "tools": TOOLS, "tool_choice": "required"}
    answer = client.chat.completions.create(**settings, **{**GREEDY, "max_tokens": 60})
    (choice,) = answer.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    (call,) = choice.message.tool_calls
    assert call.function.name == "get_weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)
    with client.chat.completions.stream(**settings, **{**GREEDY, "max_tokens": 60}) as stream:
        final = stream.get_final_completion()
    (streamed,) = final.choices[0].message.tool_calls or []
    assert streamed.function.arguments == call.function.arguments
    assert streamed.id != call.id


def test_a_schema_is_enforced(client: Any) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "visits": {"type": "integer"}},
        "required": ["city", "visits"],
    }
    form = {"type": "json_schema", "json_schema": {"name": "trip", "schema": schema}}
    answer = client.chat.completions.create(
        messages=CAPITAL, response_format=form, **{**GREEDY, "max_tokens": 60}
    )
    trip = json.loads(answer.choices[0].message.content)
    assert isinstance(trip["visits"], int)


def test_json_object_is_json(client: Any) -> None:
    answer = client.chat.completions.create(
        messages=[{"role": "user", "content": "Name a fruit as JSON."}],
        response_format={"type": "json_object"},
        **{**GREEDY, "max_tokens": 100},
    )
    assert isinstance(json.loads(answer.choices[0].message.content), dict)


def test_logprobs_come_in_openais_shape(client: Any) -> None:
    answer = client.chat.completions.create(
        messages=CAPITAL, logprobs=True, top_logprobs=2, **GREEDY
    )
    tokens = answer.choices[0].logprobs.content
    assert "".join(token.token for token in tokens).startswith(
        answer.choices[0].message.content[:5]
    )
    assert all(len(token.top_logprobs) == 2 for token in tokens)
    assert bytes(tokens[0].bytes).decode() == tokens[0].token


def test_text_goes_on_without_a_template(client: Any) -> None:
    settings = {**GREEDY, "max_tokens": 4}
    prompts = ["The capital of France is", "The capital of Germany is"]
    answer = client.completions.create(prompt=prompts, logprobs=1, **settings)
    assert [choice.text.split()[0].strip(".,") for choice in answer.choices] == ["Paris", "Berlin"]
    assert answer.choices[0].logprobs.tokens[0] == " Paris"
    echoed = client.completions.create(prompt=prompts[0], echo=True, **settings)
    assert echoed.choices[0].text.startswith("The capital of France is Paris")
    streamed = client.completions.create(prompt=prompts[0], stream=True, **settings)
    text = "".join(chunk.choices[0].text for chunk in streamed)
    assert text == answer.choices[0].text


def picture_with(text: str) -> str:
    picture = Image.new("RGB", (480, 120), "white")
    font = ImageFont.load_default(40)
    ImageDraw.Draw(picture).text((20, 30), text, fill="black", font=font)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_picture_goes_to_the_vision_worker(client: Any, is_streamed: bool) -> None:
    parts = [
        {"type": "text", "text": "What does the sign say? Answer briefly."},
        {"type": "image_url", "image_url": {"url": picture_with("Platform 7")}},
    ]
    answer = client.chat.completions.create(
        messages=[{"role": "user", "content": parts}], stream=is_streamed, **GREEDY
    )
    if is_streamed:
        text = "".join(c.choices[0].delta.content or "" for c in answer if c.choices)
    else:
        text = answer.choices[0].message.content
    assert "7" in text or "platform" in text.lower()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "king", "content": "Kneel."}]}, "'king'"),
        ({"messages": CAPITAL, "n": 99}, "n: Input should be less"),
        ({"messages": CAPITAL, "temperature": 99}, "temperature is 99"),
        ({"messages": CAPITAL, "top_logprobs": 50, "logprobs": True}, "0 to 20"),
        ({"messages": CAPITAL, "grammar": "root ::= ("}, "grammar"),
        ({"messages": CAPITAL, "tool_choice": "required"}, "no tools"),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            "part of type 'input_audio'",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": "http://127.0.0.1/a.png"}],
                    }
                ]
            },
            "not a public host",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": "data:image/png,MZ"}],
                    }
                ]
            },
            "picture",
        ),
    ],
)
@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_wrong_body_is_refused_in_one_sentence(
    app: App, body: dict[str, Any], sentence: str, is_streamed: bool
) -> None:
    answer = httpx.post(f"{app.url}/v1/chat/completions", json={**body, "stream": is_streamed})
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["message"]


def test_models_can_be_filtered(app: App) -> None:
    listed = httpx.get(f"{app.url}/v1/models", params={"filter": "^whisper"}).json()["data"]
    assert [model["id"] for model in listed] == ["whisper-tiny-en"]
    assert listed[0]["modality"] == "stt"
    wrong = httpx.get(f"{app.url}/v1/models", params={"filter": "("})
    assert wrong.status_code == 400
