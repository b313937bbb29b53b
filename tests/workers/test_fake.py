"""The fake engines: repeatable, as fast, as large and as broken as their cards say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from configs.catalogue import load_catalogue
from configs.settings import CONFIGS_DIR, load_settings
from library.session import Quintet
from workers.assembly import build_models
from workers.engines.contract import CancelToken, Worker
from workers.engines.registry import create_worker
from workers.messages import (
    AudioDelta,
    ChatMessage,
    Constraint,
    Describe,
    Embed,
    Embedded,
    Event,
    Finished,
    Generate,
    Media,
    Request,
    Rerank,
    Reranked,
    SamplingParams,
    SegmentDelta,
    Started,
    Synthesize,
    TextDelta,
    Tool,
    ToolCallDelta,
    Transcribe,
    Usage,
)
from workers.messages.errors import (
    AppError,
    ContextTooLongError,
    GenerationError,
    LoadError,
    OutOfMemoryError,
    UnsupportedInputError,
    WorkerDiedError,
)
from workers.messages.process_spec import WorkerSettings
from workers.specs.cards import models_of_engine
from workers.specs.spec import spec_of

ROOT = Path(__file__).parents[2]
CARDS = load_catalogue(CONFIGS_DIR / "fake_models")
MIB = 1 << 20

Load = Callable[..., Worker]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    opened: list[Worker] = []

    def start(model_id: str, **options: Any) -> Worker:
        card = CARDS[model_id]
        card = card.model_copy(update={"options": {**card.options, **options}})
        spec = spec_of(card)
        assert spec is not None
        worker = create_worker(spec.modality, spec.target)
        settings = WorkerSettings(card=card, threads=1, slots=2, data_dir=tmp_path, limits={})
        if card.modality == "rag":
            settings = replace(settings, reranker=CARDS["fake-reranker"])
        worker.load(settings, lambda loading: None)
        opened.append(worker)
        return worker

    yield start
    for worker in opened:
        worker.close()


def say(text: str, **fields: Any) -> Generate:
    return Generate(messages=(ChatMessage(role="user", text=text),), **fields)


def run(worker: Worker, request: Request, cancel: CancelToken | None = None) -> list[Event]:
    return list(worker.handle(request, cancel or CancelToken()))


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def end_of(events: list[Event]) -> Finished:
    (end,) = (event for event in events if isinstance(event, Finished))
    return end


def test_the_last_message_comes_back_to_the_letter(load: Load) -> None:
    text = "Hello  there,\nfake   world "
    events = run(load("fake-text"), say(text))
    assert text_of(events) == text
    assert (end_of(events).reason, end_of(events).usage.completion_tokens) == ("stop", 4)


def test_limits_and_stop_sequences_hold(load: Load) -> None:
    worker = load("fake-text")
    cut = run(worker, say("one two three", sampling=SamplingParams(max_tokens=2)))
    assert (text_of(cut).split(), end_of(cut).reason) == (["one", "two"], "length")
    stopped = run(worker, say("one two three", sampling=SamplingParams(stop=("two",))))
    assert (text_of(stopped).strip(), end_of(stopped).reason) == ("one", "stop")
    with pytest.raises(ContextTooLongError, match=r"5,000 words long, the fake holds 4,096"):
        run(worker, say("a " * 5000))


def test_a_schema_is_obeyed_and_a_tool_is_called(load: Load) -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"$ref": "#/$defs/city"}, "age": {"type": "integer", "minimum": 18},
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2},
        },
        "required": ["city", "age", "tags"],
        "$defs": {"city": {"type": "string", "minLength": 6}},
    }  # fmt: skip
    worker = load("fake-text")
    held = run(worker, say("hm", constraint=Constraint(kind="schema", text=json.dumps(schema))))
    assert json.loads(text_of(held)) == {"city": "texttt", "age": 18, "tags": ["a", "a"]}
    tool = Tool(name="look_up", parameters=json.dumps(schema))
    called = run(worker, say("hm", tools=(tool,), tool_choice="required"))
    (call,) = (event for event in called if isinstance(event, ToolCallDelta))
    assert (call.name, json.loads(call.arguments)["age"]) == ("look_up", 18)
    assert end_of(called).reason == "tool_calls"
    assert text_of(run(worker, say("hm", tools=(tool,)))) == "hm"
    ordered = run(worker, say('!call other {"a": 1}', tools=(tool,)))
    (call,) = (event for event in ordered if isinstance(event, ToolCallDelta))
    assert (call.name, call.arguments) == ("other", '{"a": 1}')


def test_every_modality_answers_the_same_to_the_same(load: Load) -> None:
    speech = Media(name="a.mp3", data=(ROOT / "assets" / "example-speech.mp3").read_bytes())
    receipt = Media(name="r.png", data=(ROOT / "assets" / "example-receipt.png").read_bytes())
    asked: dict[str, Request] = {
        "fake-text": say("hello"),
        "fake-stt": Transcribe(audio=speech, word_timestamps=True),
        "fake-tts": Synthesize(text="Hello there."),
        "fake-vision": Describe(images=(receipt,), messages=say("What is it?").messages),
        "fake-rag": Embed(texts=("the red fox", "a blue whale")),
    }
    for model_id, request in asked.items():
        worker = load(model_id)
        first, second = (
            [
                replace(event, usage=Usage()) if isinstance(event, Finished) else event
                for event in events
            ]
            for events in (run(worker, request), run(worker, request))
        )
        assert first == second, model_id
        kinds = (TextDelta, SegmentDelta, AudioDelta, Embedded)
        assert [event for event in first if isinstance(event, kinds)], model_id


def test_passages_that_share_words_come_first(load: Load) -> None:
    texts = ("a blue whale", "the red fox", "red")
    (judged,) = run(load("fake-rag"), Rerank(query="red fox", texts=texts))
    assert isinstance(judged, Reranked)
    assert (judged.model, judged.scores) == ("fake-reranker", (0.0, 1.0, 0.5))
    (by_vectors,) = run(load("fake-rag"), Rerank(query="red fox", texts=texts, by_vectors=True))
    assert isinstance(by_vectors, Reranked)
    assert by_vectors.scores[1] > by_vectors.scores[0]


def test_a_set_speed_is_kept_and_stop_is_heard_meanwhile(load: Load) -> None:
    events = run(load("fake-text", tokens_per_s=50), say("one two three"))
    assert end_of(events).usage.decode_s >= 3 / 50
    cancel = CancelToken()
    words = load("fake-text", tokens_per_s=0.001).handle(say("never said"), cancel)
    threading.Timer(0.05, cancel.cancel).start()
    assert list(words) == []


def test_set_memory_is_really_taken(tmp_path: Path) -> None:
    """Measured in a process of its own: in this one, what other tests gave back may be taken again."""
    code = f"""
import psutil
from pathlib import Path
from tests.workers.test_fake import CARDS, create_worker, spec_of, WorkerSettings
card = CARDS["fake-text"].model_copy(update={{"options": {{"mib": 128}}}})
spec = spec_of(card)
worker = create_worker(spec.modality, spec.target)
folder = Path({str(tmp_path)!r})
before = psutil.Process().memory_info().rss
worker.load(WorkerSettings(card=card, threads=1, slots=1, data_dir=folder, limits={{}}), print)
print(psutil.Process().memory_info().rss - before)
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(ran.stdout.splitlines()[-1]) > 100 * MIB


@pytest.mark.parametrize(
    ("order", "kind"),
    [("refuse", UnsupportedInputError), ("fail", GenerationError), ("memory", OutOfMemoryError)],
)
def test_failures_come_as_ordered_by_card_or_by_text(
    load: Load, order: str, kind: type[AppError]
) -> None:
    with pytest.raises(kind):
        run(load("fake-text"), say(f"!{order} please"))
    with pytest.raises(kind):
        run(load("fake-text", fail=order), say("hello"))
    with pytest.raises(LoadError if order == "refuse" else kind):
        load("fake-text", fail_load=order)


def test_a_wrong_option_is_reported(load: Load) -> None:
    with pytest.raises(LoadError, match="tokens_per_s"):
        load("fake-text", tokens_per_second=3)


def test_dying_and_hanging_harm_one_request(tmp_path: Path) -> None:
    with Quintet("fake", data_dir=str(tmp_path)) as quintet:
        with pytest.raises(WorkerDiedError, match="exit status 9"):
            quintet.client.run(say("!die"))
        with pytest.raises(LoadError, match="refuses to load"):
            quintet.client.run(say("hm", model="fake-text-broken"))
        with closing(quintet.client.stream(say("!hang"))) as hung:
            next(event for event in hung if isinstance(event, Started))
            assert text_of(list(quintet.client.run(say("others go on")))) == "others go on"
            (pid,) = (worker.pid for worker in quintet.status().workers if worker.pid)
            os.kill(pid, signal.SIGKILL)


def test_nobody_meets_them_by_accident(tmp_path: Path) -> None:
    ordinary = build_models(load_settings("cpu", {"data_dir": str(tmp_path)}), load_catalogue())
    assert not [card.id for card in ordinary.known() if card.engine == "fake"]
    faked = build_models(load_settings("fake", {"data_dir": str(tmp_path)}), load_catalogue())
    assert {faked.default(modality).engine for modality in faked.modalities} == {"fake"}
    assert faked.is_here(faked.get("fake-text-2"))


def test_an_engine_is_chosen_for_all_that_it_can() -> None:
    found = models_of_engine("fake", load_catalogue())
    assert {modality: models[0] for modality, models in found.items()} == {
        "text": "fake-text", "stt": "fake-stt", "tts": "fake-tts", "vision": "fake-vision",
        "rag": "fake-rag",
    }  # fmt: skip
    assert set(models_of_engine("piper", load_catalogue())) == {"tts"}
    with pytest.raises(
        Exception, match=r"No model runs on an engine called 'nobody'; known: .*piper"
    ):
        models_of_engine("nobody", load_catalogue())
