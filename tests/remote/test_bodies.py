"""What is sent to another server, and what is kept from it."""

from __future__ import annotations

import base64
import io
import json
import threading
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.remote.conftest import Load, remote_card
from tests.remote.scripted import HELLO, answer, refuse, serving, stall, stream
from workers.engines.common.remote.chat import sampling_json
from workers.engines.common.remote.connection import RemoteOptions, access_to
from workers.engines.contract import CancelToken, Worker
from workers.media.audio import pcm_to_wav
from workers.messages import (
    AudioInfo,
    ChatMessage,
    Complete,
    Constraint,
    Describe,
    Embed,
    Embedded,
    Event,
    Finished,
    Generate,
    Media,
    Request,
    SamplingParams,
    SegmentDelta,
    Synthesize,
    TextDelta,
    Thinking,
    TokenLogprob,
    Tool,
    Transcribe,
)
from workers.messages.errors import RemoteError, UnsupportedInputError

HELLO_TURN = (ChatMessage(role="user", text="Hello?"),)
EVERYTHING = SamplingParams(
    temperature=0.3,
    top_p=0.8,
    top_k=7,
    min_p=0.2,
    repeat_penalty=1.5,
    max_tokens=9,
    seed=4,
    stop=("END",),
    presence_penalty=0.5,
    logit_bias=((42, -1.0),),
)
EXTENSIONS = {"top_k": 7, "min_p": 0.2, "repeat_penalty": 1.5, "repetition_penalty": 1.5}


def run(worker: Worker, request: Request) -> list[Event]:
    return list(worker.handle(request, CancelToken()))


def sent_to(source: str, **options: Any) -> dict[str, object]:
    card = remote_card("text", source, **options)
    read = RemoteOptions.model_validate(options)
    return sampling_json(EVERYTHING, read, access_to(card, read).server)


def test_openai_gets_only_its_own_parameters() -> None:
    assert sent_to("https://api.openai.com/v1") == {
        "temperature": 0.3,
        "top_p": 0.8,
        "presence_penalty": 0.5,
        "stop": ["END"],
        "max_completion_tokens": 9,
        "seed": 4,
        "logit_bias": {"42": -1.0},
    }


def test_another_server_gets_the_rest_as_well() -> None:
    sent = sent_to("http://127.0.0.1:11434/v1")
    assert sent["max_tokens"] == 9
    assert sent["extra_body"] == EXTENSIONS


def test_the_card_decides_about_extensions_and_refused_parameters() -> None:
    assert sent_to("https://api.openai.com/v1", extensions=True)["extra_body"] == EXTENSIONS
    assert "extra_body" not in sent_to("http://127.0.0.1:11434/v1", extensions=False)
    sent = sent_to("http://127.0.0.1:11434/v1", omit=("temperature", "seed", "top_k"))
    assert {"temperature", "seed"} & sent.keys() == set()
    assert "top_k" not in sent["extra_body"]  # type: ignore[operator]


def test_tools_schemas_and_logprobs_are_passed_on(load: Load) -> None:
    tool = Tool(name="get_weather", parameters='{"type": "object"}')
    schema = {"type": "object", "additionalProperties": False}
    request = Generate(
        messages=HELLO_TURN,
        sampling=SamplingParams(num_logprobs=2),
        tools=(tool,),
        tool_choice="get_weather",
        constraint=Constraint(kind="schema", text=json.dumps(schema)),
    )
    with serving(HELLO) as server:
        run(load("text", f"{server.url}/v1"), request)
    body = server.seen[0].json
    assert (body["logprobs"], body["top_logprobs"]) == (True, 2)
    assert body["tool_choice"] == {"type": "function", "function": {"name": "get_weather"}}
    assert body["tools"][0]["function"]["name"] == "get_weather"
    wanted = {"name": "answer", "schema": schema, "strict": True}
    assert body["response_format"] == {"type": "json_schema", "json_schema": wanted}


def test_a_grammar_goes_only_to_servers_that_follow_it(load: Load) -> None:
    request = Generate(
        messages=HELLO_TURN, constraint=Constraint(kind="grammar", text='root ::= "a"')
    )
    with serving(HELLO) as server:
        run(load("text", f"{server.url}/v1"), request)
        assert server.seen[0].json["grammar"] == 'root ::= "a"'
        with pytest.raises(UnsupportedInputError, match="cannot follow a grammar"):
            run(load("text", f"{server.url}/v1", extensions=False), request)


def test_the_bound_of_a_thought_goes_under_both_names_that_servers_know(load: Load) -> None:
    request = Generate(messages=HELLO_TURN, thinking=Thinking(is_on=True, max_tokens=64))
    with serving(HELLO) as server:
        run(load("text", f"{server.url}/v1"), request)
    body = server.seen[0].json
    assert (body["thinking_budget_tokens"], body["thinking_token_budget"]) == (64, 64)
    assert body["chat_template_kwargs"]["enable_thinking"] is True


def test_a_raw_text_goes_to_the_completion_route(load: Load) -> None:
    found = {"tokens": [" Paris"], "token_logprobs": [-0.5], "top_logprobs": [{" Paris": -0.5}]}
    choice = {"index": 0, "text": " Paris", "finish_reason": "length", "logprobs": found}
    with serving(stream({"id": "1", "choices": [choice]}, "[DONE]")) as server:
        request = Complete(prompt="The capital of France is", sampling=EVERYTHING)
        first, end = run(load("text", f"{server.url}/v1"), request)
    assert server.seen[0].path == "/v1/completions"
    assert server.seen[0].json["prompt"] == "The capital of France is"
    assert isinstance(first, TextDelta)
    assert first.text == " Paris"
    assert first.logprobs == (TokenLogprob(token=" Paris", logprob=-0.5, top=((" Paris", -0.5),)),)
    assert isinstance(end, Finished)
    assert end.reason == "length"


# --- speech in ---


def noise_wav(seconds: float = 1.0) -> Media:
    samples = np.random.default_rng(0).integers(-3000, 3000, int(seconds * 16_000), dtype=np.int16)
    return Media(name="noise.wav", data=pcm_to_wav(samples.tobytes(), 16_000))


VERBOSE = {
    "language": "german",
    "duration": 1.0,
    "text": "Guten Tag. Auf Wiedersehen.",
    "segments": [
        {"id": 0, "start": 0.0, "end": 0.5, "text": " Guten Tag.", "avg_logprob": -0.1},
        {"id": 1, "start": 0.5, "end": 1.0, "text": " Auf Wiedersehen."},
    ],
    "words": [
        {"word": "Guten", "start": 0.0, "end": 0.2},
        {"word": "Tag", "start": 0.2, "end": 0.5},
        {"word": "Auf", "start": 0.5, "end": 0.7},
        {"word": "Wiedersehen", "start": 0.7, "end": 1.0},
    ],
}


def listen(worker: Worker, **options: object) -> tuple[AudioInfo, list[SegmentDelta]]:
    events = run(worker, Transcribe(audio=noise_wav(), vad=False, **options))  # type: ignore[arg-type]
    info = next(event for event in events if isinstance(event, AudioInfo))
    return info, [event for event in events if isinstance(event, SegmentDelta)]


def test_the_language_is_asked_for_first_and_words_go_to_their_segments(load: Load) -> None:
    with serving(answer(VERBOSE)) as server:
        worker = load("stt", f"{server.url}/v1")
        info, segments = listen(worker, word_timestamps=True, initial_prompt="Grüße")
    assert info.language == "de"
    assert [segment.text for segment in segments] == ["Guten Tag.", "Auf Wiedersehen."]
    assert [[word.text for word in segment.words] for segment in segments] == [
        ["Guten", "Tag"],
        ["Auf", "Wiedersehen"],
    ]
    asked, said = (seen.body for seen in server.seen)
    assert b'name="language"' not in asked
    assert b"Gr\xc3\xbc\xc3\x9fe" in said
    assert b"\r\n\r\nde\r\n" in said


def test_a_server_without_times_is_asked_for_plain_json_from_then_on(load: Load) -> None:
    no_times = refuse(400, "response_format 'verbose_json' is not compatible with model")
    with serving(no_times, answer({"text": "Good day."})) as server:
        worker = load("stt", f"{server.url}/v1")
        _, segments = listen(worker, language="en")
        listen(worker, language="en")
    assert [(s.text, s.start_s, s.end_s) for s in segments] == [("Good day.", 0.0, 1.0)]
    formats = [b"verbose_json" in seen.body for seen in server.seen]
    assert formats == [True, False, False]


# The client calls the route deprecated; whisper-1, LocalAI, vLLM and Quintet have it.
@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_translating_goes_to_its_own_route(load: Load) -> None:
    with serving(answer(VERBOSE)) as server:
        listen(load("stt", f"{server.url}/v1"), translate=True, language="de")
    assert [seen.path for seen in server.seen] == ["/v1/audio/translations"]


# --- speech out, vision, vectors ---


def test_what_is_no_audio_is_reported(load: Load) -> None:
    with serving(answer({"sound": "none"})) as server:
        worker = load("tts", f"{server.url}/v1")
        with pytest.raises(RemoteError, match="bytes that are no audio"):
            run(worker, Synthesize(text="Hello."))
    assert server.seen[0].json["voice"] == "alloy"
    assert server.seen[0].json["response_format"] == "wav"


def test_loading_a_voice_costs_nothing(load: Load) -> None:
    with serving(answer({})) as server:
        load("tts", f"{server.url}/v1")
    assert server.seen == []


def test_a_picture_is_sent_small_and_without_what_the_camera_wrote(load: Load) -> None:
    picture, exif = Image.new("RGB", (3000, 1000), "red"), Image.Exif()
    exif[0x010F] = "SpyCam"
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif)
    media = Media(name="a.jpg", data=file.getvalue())
    assert b"SpyCam" in file.getvalue()
    with serving(HELLO) as server:
        worker = load("vision", f"{server.url}/v1", max_side_px=600)
        events = run(worker, Describe(images=(media,), messages=HELLO_TURN))
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "Hello there."
    image, text = server.seen[0].json["messages"][0]["content"]
    data = base64.b64decode(image["image_url"]["url"].removeprefix("data:image/jpeg;base64,"))
    sent = Image.open(io.BytesIO(data))
    assert sent.size == (600, 200)
    assert b"SpyCam" not in data
    assert text == {"type": "text", "text": "Hello?"}


def vectors(*rows: list[float]) -> dict[str, object]:
    data = [{"object": "embedding", "index": n, "embedding": row} for n, row in enumerate(rows)]
    return {"object": "list", "model": "m", "data": data}


def test_vectors_are_put_in_order_and_to_length_one(load: Load) -> None:
    two = vectors([3.0, 4.0], [0.0, 2.0])
    two["data"] = list(reversed(two["data"]))  # type: ignore[call-overload]
    with serving(answer(vectors([1.0, 0.0])), answer(two)) as server:
        worker = load("rag", f"{server.url}/v1", dimensions=2)
        event, end = run(worker, Embed(texts=("one", "two")))
    assert isinstance(event, Embedded)
    assert isinstance(end, Finished)
    rows = np.frombuffer(event.vectors, dtype=np.float32).reshape(2, 2)
    assert rows == pytest.approx(np.array([[0.6, 0.8], [0.0, 1.0]]))
    assert server.seen[1].json["dimensions"] == 2


def test_a_stopped_embedding_leaves_the_server(load: Load) -> None:
    cancel = CancelToken()
    with serving(answer(vectors([1.0, 0.0])), stall) as server:
        worker = load("rag", f"{server.url}/v1")
        threading.Timer(0.3, cancel.cancel).start()
        assert list(worker.handle(Embed(texts=("one",)), cancel)) == []
        assert server.is_left.wait(60)
