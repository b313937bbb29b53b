"""A real tool call, from a model that decides for itself: asked, called, answered, told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest

from tests.api.test_chat import TOOLS
from tests.coder import FILE, coder_folder
from tests.running import App, start_app, stop_app

pytestmark = pytest.mark.coder

MODEL = "coder"
QUESTION = {"role": "user", "content": "What is the weather in Paris?"}
GREEDY: dict[str, Any] = {"model": MODEL, "temperature": 0, "max_tokens": 60}


@pytest.fixture(scope="module")
def coder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A Quintet with a models folder, as LocalAI's users have one."""
    models = tmp_path_factory.mktemp("models")
    (models / FILE).symlink_to(coder_folder() / FILE)
    (models / "coder.yaml").write_text(
        f"name: {MODEL}\nbackend: llama-cpp\nparameters: {{model: {FILE}}}\ncontext_size: 2048\n"
    )
    running = start_app(
        tmp_path_factory.mktemp("coder-app"),
        QUINTET_MODELS_PATH=str(models),
        QUINTET_POOL__WARM="[]",
        QUINTET_WORKERS__TEXT="{model: coder, threads: 0, slots: 1}",
    )
    yield running
    stop_app(running)


def test_a_tool_is_called_and_its_result_sent_back(coder: App) -> None:
    client: Any = openai.OpenAI(base_url=f"{coder.url}/v1", api_key="none", max_retries=0)
    first = client.chat.completions.create(messages=[QUESTION], tools=TOOLS, **GREEDY)
    (choice,) = first.choices
    assert choice.finish_reason == "tool_calls"
    (call,) = choice.message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    result = {"role": "tool", "tool_call_id": call.id, "content": "It is 31 degrees."}
    followed = {"role": "user", "content": "So how many degrees are there? Answer in words."}
    messages = [QUESTION, choice.message.model_dump(exclude_none=True), result, followed]
    second = client.chat.completions.create(
        messages=messages, tools=TOOLS, tool_choice="none", **GREEDY
    )
    assert "31" in second.choices[0].message.content


def test_a_streamed_call_arrives_in_pieces(coder: App) -> None:
    client: Any = openai.OpenAI(base_url=f"{coder.url}/v1", api_key="none", max_retries=0)
    with client.chat.completions.stream(messages=[QUESTION], tools=TOOLS, **GREEDY) as stream:
        final = stream.get_final_completion()
    (call,) = final.choices[0].message.tool_calls or []
    assert (call.function.name, json.loads(call.function.arguments)) == (
        "get_weather",
        {"city": "Paris"},
    )
    assert not final.choices[0].message.content


def test_anthropics_client_gets_the_same_call(coder: App) -> None:
    client: Any = anthropic.Anthropic(base_url=coder.url, api_key="none", max_retries=0)
    function: Any = TOOLS[0]["function"]
    tool = {
        "name": function["name"],
        "description": function["description"],
        "input_schema": function["parameters"],
    }
    answer = client.messages.create(
        model=MODEL,
        max_tokens=60,
        messages=[QUESTION],
        tools=[tool],
        extra_body={"temperature": 0},
    )
    (use,) = answer.content
    assert (answer.stop_reason, use.input) == ("tool_use", {"city": "Paris"})
