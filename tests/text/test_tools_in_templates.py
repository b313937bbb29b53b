"""Tools in templates that take them under another name, or not at all: what the model is given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from workers.engines.contract import CancelToken
from workers.engines.text.llamacpp import LlamaCppEngine
from workers.engines.text.worker import TextWorker
from workers.messages import ChatMessage, Complete, Generate, SamplingParams, ToolCall
from workers.messages.process_spec import WorkerSettings

from .conftest import end_of
from .test_tools import WEATHER, calls_of, question, run
from .thinking_gguf import card_with_template

XML = """{%- if xml_tools -%}Tools:{% for tool in xml_tools[:] %} {{ tool.name }} {{ tool.description }}{% endfor %}
{% endif -%}
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
{% endif -%}
"""
NONE = XML.replace("xml_tools", "message['tools']").replace(
    "{%- if message['tools'] -%}", "{%- set message = messages[0] -%}{%- if 'tools' in message -%}"
)
ONE = SamplingParams(temperature=0.0, max_tokens=1)


def load(folder: Path, name: str, template: str) -> Iterator[TextWorker]:
    worker = TextWorker(LlamaCppEngine())
    card = card_with_template(folder, name, template)
    settings = WorkerSettings(
        card=card, threads=2, slots=1, data_dir=folder, limits={"max_context_tokens": 512}
    )
    worker.load(settings, lambda loading: None)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def xml(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TextWorker]:
    yield from load(tmp_path_factory.mktemp("xml"), "xml", XML)


@pytest.fixture(scope="module")
def deaf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TextWorker]:
    yield from load(tmp_path_factory.mktemp("deaf"), "deaf", NONE)


def num_prompt(worker: TextWorker, request: Generate | Complete) -> int:
    return end_of(list(worker.handle(request, CancelToken()))).usage.prompt_tokens


def prompted(*turns: tuple[str, str]) -> Complete:
    said = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in turns)
    listed = f"Tools: {WEATHER.name} {WEATHER.description}"  # a newline after a block is left out
    return Complete(prompt=f"{listed}{said}<|im_start|>assistant\n", sampling=ONE)


def test_a_template_with_another_name_shows_the_tools(xml: TextWorker) -> None:
    asked = question("The weather in Rome?", tools=(WEATHER,), sampling=ONE)
    shown = num_prompt(xml, asked)
    assert shown == num_prompt(xml, prompted(("user", "The weather in Rome?")))
    assert shown > num_prompt(xml, question("The weather in Rome?", sampling=ONE))


def test_it_is_told_what_was_called(xml: TextWorker) -> None:
    arguments = '{"city": "Rome"}'
    call = ToolCall(call_id="call_1", name="get_weather", arguments=arguments)
    asked = Generate(
        messages=(
            ChatMessage(role="user", text="The weather in Rome?"),
            ChatMessage(role="assistant", text="", tool_calls=(call,)),
            ChatMessage(role="tool", text="It is 31 degrees.", tool_call_id="call_1"),
        ),
        sampling=ONE,
        tools=(WEATHER,),
    )
    said = f'<tool_call>\n{{"name": "get_weather", "arguments": {arguments}}}\n</tool_call>'
    turns = (("user", "The weather in Rome?"), ("assistant", said), ("tool", "It is 31 degrees."))
    assert num_prompt(xml, asked) == num_prompt(xml, prompted(*turns))


@pytest.mark.parametrize("name", ["xml", "deaf"])
def test_a_call_that_must_be_made_is_heard(name: str, request: pytest.FixtureRequest) -> None:
    worker: TextWorker = request.getfixturevalue(name)
    events = run(worker, question("Rome?", tools=(WEATHER,), tool_choice="required"))
    ((called, arguments),) = calls_of(events)
    assert called == "get_weather"
    assert isinstance(arguments["city"], str)


def test_where_the_template_takes_none_they_are_told_in_words(deaf: TextWorker) -> None:
    asked = question("The weather in Rome?", tools=(WEATHER,), sampling=ONE)
    without = num_prompt(deaf, question("The weather in Rome?", sampling=ONE))
    assert num_prompt(deaf, asked) > without + len(json.dumps(WEATHER.parameters)) / 8
