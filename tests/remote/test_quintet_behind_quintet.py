"""All five modalities with the models of another server: a second, real Quintet."""

from __future__ import annotations

import json
import string
from dataclasses import replace
from pathlib import Path

import jiwer
import numpy as np
import pytest

from configs.catalogue import load_catalogue
from tests.remote.conftest import Load
from tests.running import App
from tests.vision.drawing import draw_receipt, to_media
from workers.engines.contract import CancelToken, Worker
from workers.engines.rag.llamacpp import LlamaCppEmbedder
from workers.engines.rag.worker import RagWorker
from workers.media.audio import pcm_to_wav
from workers.messages import (
    AudioDelta,
    AudioInfo,
    ChatMessage,
    Complete,
    Constraint,
    Describe,
    DocumentIndexed,
    Embed,
    Embedded,
    Event,
    Finished,
    Generate,
    Ingest,
    Media,
    Request,
    Retrieve,
    Retrieved,
    SamplingParams,
    SegmentDelta,
    Synthesize,
    TextDelta,
    Tool,
    ToolCallDelta,
    Transcribe,
)
from workers.messages.errors import ContextTooLongError, UnknownModelError
from workers.messages.process_spec import WorkerSettings

GREEDY = SamplingParams(temperature=0.0, max_tokens=24)
SENTENCES = (
    "Please remember to turn off the lights before you leave the office. "
    "She sells fresh bread and butter at the market every morning."
)
MAX_WORD_ERROR_RATE = 0.15


def run(worker: Worker, request: Request) -> list[Event]:
    return list(worker.handle(request, CancelToken()))


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def chat(text: str, sampling: SamplingParams = GREEDY, **options: object) -> Generate:
    turns = (ChatMessage(role="user", text=text),)
    return Generate(messages=turns, sampling=sampling, **options)  # type: ignore[arg-type]


def plain(text: str) -> str:
    return text.lower().translate(str.maketrans("", "", string.punctuation))


@pytest.fixture
def text(app: App, load: Load) -> Worker:
    return load("text", f"{app.url}/v1", remote_model="smollm2-135m-instruct")


def test_chat_is_answered_and_counted(text: Worker) -> None:
    events = run(text, chat("What is the capital of France? Answer briefly."))
    assert "Paris" in text_of(events)
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.usage.prompt_tokens > 10
    assert 2 <= end.usage.completion_tokens <= 24


def test_a_long_answer_comes_in_pieces(text: Worker) -> None:
    """A short one may come whole: tokens that come faster than anybody reads are joined."""
    sampling = replace(GREEDY, max_tokens=150, ignore_eos=True)
    events = run(text, chat("Tell me about the sea.", sampling))
    pieces = [event for event in events if isinstance(event, TextDelta)]
    end = events[-1]
    assert isinstance(end, Finished)
    assert 1 < len(pieces) <= end.usage.completion_tokens


def test_a_raw_text_is_continued(text: Worker) -> None:
    events = run(text, Complete(prompt="The capital of France is", sampling=GREEDY))
    assert "Paris" in text_of(events)


def test_a_tool_that_must_be_called_is_called(text: Worker) -> None:
    schema = {"type": "object", "properties": {"city": {"enum": ["Oslo"]}}, "required": ["city"]}
    tool = Tool(name="get_weather", parameters=json.dumps(schema))
    sampling = SamplingParams(temperature=0.0, max_tokens=100)
    request = chat("Weather in Oslo?", sampling, tools=(tool,), tool_choice="get_weather")
    events = run(text, request)
    calls = [event for event in events if isinstance(event, ToolCallDelta)]
    assert calls[0].name == "get_weather"
    assert calls[0].call_id
    assert json.loads("".join(call.arguments for call in calls)) == {"city": "Oslo"}
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "tool_calls"


def test_a_schema_is_obeyed(text: Worker) -> None:
    schema = {"type": "object", "properties": {"sea": {"enum": ["blue"]}}, "required": ["sea"]}
    constraint = Constraint(kind="schema", text=json.dumps(schema))
    events = run(text, chat("Which colour is the sea?", constraint=constraint))
    assert json.loads(text_of(events)) == {"sea": "blue"}


def test_seed_and_logprobs_are_passed_on(text: Worker) -> None:
    sampling = SamplingParams(temperature=1.0, seed=5, num_logprobs=2, max_tokens=8)
    first, second = (run(text, chat("Name an animal.", sampling)) for _ in range(2))
    assert text_of(first) == text_of(second)
    tokens = [t for event in first if isinstance(event, TextDelta) for t in event.logprobs]
    assert tokens
    assert all(token.logprob <= 0 and len(token.top) == 2 for token in tokens)


def test_too_long_a_prompt_and_an_unknown_model_are_reported_as_here(
    text: Worker, app: App, load: Load
) -> None:
    with pytest.raises(ContextTooLongError):
        run(text, chat("sea " * 9000))
    with pytest.raises(UnknownModelError, match="gpt-99"):
        run(load("text", f"{app.url}/v1", remote_model="gpt-99"), chat("Hello?"))


def test_claudes_engine_talks_to_anthropics_dialect(app: App, load: Load) -> None:
    model = "smollm2-135m-instruct"
    worker = load("text", app.url, "claude", remote_model=model, api_key_env="")
    events = run(worker, chat("What is the capital of France? Answer briefly."))
    assert "Paris" in text_of(events)
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.usage.prompt_tokens > 10
    assert end.usage.completion_tokens > 2
    schema = {"type": "object", "properties": {"city": {"enum": ["Oslo"]}}, "required": ["city"]}
    tool = Tool(name="get_weather", parameters=json.dumps(schema))
    sampling = SamplingParams(temperature=0.0, max_tokens=100)
    request = chat("Weather in Oslo?", sampling, tools=(tool,), tool_choice="get_weather")
    calls = [event for event in run(worker, request) if isinstance(event, ToolCallDelta)]
    assert json.loads("".join(call.arguments for call in calls)) == {"city": "Oslo"}


@pytest.mark.slow
def test_speech_is_made_there_and_understood_there(app: App, load: Load) -> None:
    voice = load("tts", f"{app.url}/v1", remote_model="piper-en-us-joe-medium", voices=["joe"])
    spoken = [e for e in run(voice, Synthesize(text=SENTENCES)) if isinstance(e, AudioDelta)]
    assert [delta.text.strip()[:6] for delta in spoken] == ["Please", "She se"]
    assert {delta.sample_rate for delta in spoken} == {24_000}
    recording = pcm_to_wav(b"".join(delta.pcm for delta in spoken), 24_000)
    ear = load("stt", f"{app.url}/v1", remote_model="whisper-tiny-en")
    audio = Media(name="a.wav", data=recording)
    events = run(ear, Transcribe(audio=audio, word_timestamps=True))
    segments = [event for event in events if isinstance(event, SegmentDelta)]
    heard = " ".join(segment.text for segment in segments)
    assert jiwer.wer(plain(SENTENCES), plain(heard)) <= MAX_WORD_ERROR_RATE
    words = [word for segment in segments for word in segment.words]
    assert len(words) >= 20
    assert [word.start_s for word in words] == sorted(word.start_s for word in words)
    info = next(event for event in events if isinstance(event, AudioInfo))
    assert info.language == "en"


def test_a_picture_is_answered_about(app: App, load: Load) -> None:
    eye = load("vision", f"{app.url}/v1", remote_model="ppocr-v6-small")
    request = Describe(
        images=(to_media(draw_receipt()),),
        messages=(ChatMessage(role="user", text="What is the total?"),),
        sampling=GREEDY,
    )
    assert "14.26" in text_of(run(eye, request))


def test_vectors_are_those_of_the_local_model(app: App, load: Load, tmp_path: Path) -> None:
    texts = ("The harbour is closed in winter.", "Bread is baked at dawn.", "Ein deutscher Satz.")
    here = RagWorker(LlamaCppEmbedder())
    card = load_catalogue()["all-minilm-l6-v2"]
    settings = WorkerSettings(card=card, threads=1, slots=1, data_dir=tmp_path / "local", limits={})
    here.load(settings, lambda loading: None)
    there = load("rag", f"{app.url}/v1", remote_model="all-minilm-l6-v2")
    rows = []
    for worker in (here, there):
        event, end = run(worker, Embed(texts=texts))
        assert isinstance(event, Embedded)
        assert isinstance(end, Finished)
        rows.append(np.frombuffer(event.vectors, dtype=np.float32).reshape(3, event.dim))
    here.close()
    assert np.sum(rows[0] * rows[1], axis=1) == pytest.approx(1.0, abs=1e-4)


def test_documents_are_found_by_another_servers_vectors(app: App, load: Load) -> None:
    worker = load("rag", f"{app.url}/v1", remote_model="all-minilm-l6-v2", engine="remote")
    book = Media(
        name="book.txt",
        data=b"The harbour closes in winter.\n\n" * 3 + b"Bread is baked at dawn.\n\n" * 3,
    )
    events = run(worker, Ingest(collection="far", documents=(book,)))
    indexed = next(event for event in events if isinstance(event, DocumentIndexed))
    assert indexed.status == "added", indexed.reason
    (found,) = run(worker, Retrieve(collection="far", query="When is bread made?", top_k=1))
    assert isinstance(found, Retrieved)
    assert "Bread" in found.passages[0].text
