"""Gai/Gen's chat, speech and pictures on the running app, by plain HTTP as its clients call them."""

from __future__ import annotations

import base64
import io
import json
import re
import wave
from typing import Any

import httpx
import pytest

from configs.secrets import read_secret
from tests.running import ROOT, App
from tests.spoken import sounds_like
from tests.vision.drawing import draw_lines, draw_receipt, to_media

FRANCE = "What is the capital of France? Answer briefly."
SENTENCE = "Good morning everybody. The train leaves in the evening."
GREEDY = {"temperature": 0, "max_new_tokens": 12}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}},
            "required": ["city"],
        },
    },
}
UUID4 = r"[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}"

Json = dict[str, Any]


def post(app: App, path: str, body: object) -> httpx.Response:
    return httpx.post(f"{app.url}/gen/v1{path}", json=body, timeout=90)


def chat(text: str, **more: object) -> Json:
    return {"messages": [{"role": "USER", "content": text}], **GREEDY, **more}


def chunks_of(answer: httpx.Response) -> list[Json]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.text.endswith("}\n")
    return [json.loads(line) for line in answer.text.splitlines()]


def deltas_of(answer: httpx.Response) -> list[Json]:
    return [chunk["choices"][0]["delta"] for chunk in chunks_of(answer)]


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["type"], answer.json()["code"]) == (
        status,
        "error",
        code,
    )
    assert set(answer.json()) == {"type", "code", "message"}
    return str(answer.json()["message"])


def test_chat_streams_newline_delimited_chunks_by_default(app: App) -> None:
    chunks = chunks_of(post(app, "/chat/completions", chat(FRANCE)))
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert {chunk["model"] for chunk in chunks} == {"mistral7b-exllama"}
    (answer_id,) = {chunk["id"] for chunk in chunks}
    assert re.fullmatch(f"chatcmpl-{UUID4}", answer_id)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert deltas[-1] == {"content": None}
    assert "Paris" in "".join(delta["content"] or "" for delta in deltas)
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert reasons == [None] * (len(chunks) - 1) + ["stop"]


def test_chat_at_once_is_a_completion_with_token_counts(app: App) -> None:
    body = chat(FRANCE, model="mistral7b_128k-exllama", stream=False)
    body["messages"].append({"role": "ASSISTANT", "content": ""})  # the slot for the answer
    answer = post(app, "/chat/completions", body)
    whole = answer.json()
    assert (whole["object"], whole["model"]) == ("chat.completion", "mistral7b_128k-exllama")
    assert answer.headers["x-quintet-model"] == "smollm2-135m-instruct"
    (choice,) = whole["choices"]
    assert "Paris" in choice["message"].pop("content")
    assert choice["message"] == {"role": "assistant", "tool_calls": None, "function_call": None}
    usage = whole["usage"]
    assert usage["prompt_tokens"] > 10
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_llamacpps_chunks_repeat_the_role_and_end_with_nothing(app: App) -> None:
    deltas = deltas_of(post(app, "/chat/completions", chat(FRANCE, model="mistral7b-llamacpp")))
    assert {delta["role"] for delta in deltas} == {"assistant"}
    assert deltas[-1]["content"] == ""
    assert "Paris" in "".join(delta["content"] for delta in deltas)


def test_both_names_of_the_longest_answer_hold_and_unknown_keys_are_reported(app: App) -> None:
    for name in ("max_tokens", "max_new_tokens"):
        body = {"messages": chat("Tell me a story.")["messages"], name: 3, "temperature": 0}
        answer = post(app, "/chat/completions", {**body, "stream": False, "beam_length": 1})
        assert answer.json()["usage"]["completion_tokens"] == 3
        assert answer.json()["choices"][0]["finish_reason"] == "length"
        assert answer.headers["x-quintet-ignored"] == "beam_length"


def test_a_tool_call_comes_as_name_arguments_and_tail(app: App) -> None:
    body = chat(
        "How is the weather in Paris?", tools=[WEATHER], tool_choice="required", max_new_tokens=60
    )
    chunks = chunks_of(post(app, "/chat/completions", body))
    assert len(chunks) == 3
    head, arguments, tail = (chunk["choices"][0] for chunk in chunks)
    (call,) = head["delta"]["tool_calls"]
    assert re.fullmatch(f"call_{UUID4}", call["id"])
    assert call["function"] == {"name": "get_weather", "arguments": ""}
    (piece,) = arguments["delta"]["tool_calls"]
    assert (piece["id"], piece["function"]["name"]) == (None, None)
    assert json.loads(piece["function"]["arguments"])["city"] in ("Paris", "Rome")
    assert (tail["delta"], tail["finish_reason"]) == ({"content": None}, "tool_calls")

    choice = post(app, "/chat/completions", {**body, "stream": False}).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == (None, "tool_calls")
    assert choice["message"]["tool_calls"][0]["function"]["name"] == "get_weather"


@pytest.mark.parametrize(
    ("path", "body", "answers_to"),
    [
        ("/chat/completions", chat("hi", model="gpt-5"), "smollm2-135m-instruct"),
        ("/chat/completions", chat("hi", model="xtts-2"), "mistral7b-exllama"),
        ("/chat/completions", chat("hi", model="ttc"), "not available"),
        ("/audio/speech", {"input": "hi", "model": "whisper-tiny-en"}, "piper-en-us-joe-medium"),
        ("/vision/completions", chat("hi", model="dall-e-3"), "llava-transformers"),
    ],
)
def test_a_name_that_the_category_does_not_know_is_refused(
    app: App, path: str, body: Json, answers_to: str
) -> None:
    assert answers_to in refused(post(app, path, body), 400, "model_service_mismatch")


@pytest.mark.skipif(read_secret("OPENAI_API_KEY") is not None, reason="would be billed")
def test_a_remote_generator_without_its_key_says_which(app: App) -> None:
    answer = post(app, "/chat/completions", chat("hi", model="gpt-4"))
    assert "OPENAI_API_KEY is not set" in refused(answer, 400, "missing_key")


def test_a_card_is_asked_for_by_its_own_name(app: App) -> None:
    body = chat(FRANCE, model="smollm2-135m-instruct", stream=False)
    assert post(app, "/chat/completions", body).json()["model"] == "smollm2-135m-instruct"


@pytest.mark.parametrize("is_stream", [True, False])
def test_a_prompt_that_is_too_long_is_reported(app: App, is_stream: bool) -> None:
    body = chat("word " * 20_000, stream=is_stream)
    error = refused(post(app, "/chat/completions", body), 400, "context_length_exceeded")
    assert "tokens long" in error


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/chat/completions", {}, ["body", "messages"]),
        ("/chat/completions", chat(["hi"]), ["body", "messages", 0, "content"]),  # type: ignore[arg-type]
        ("/chat/completions", chat("hi", temperature="hot"), ["body", "temperature"]),
        ("/chat/completions", chat("hi", stop="\ud800"), ["body", "stop"]),
        ("/audio/speech", {"model": "xtts-2"}, ["body", "input"]),
        ("/vision/completions", {"messages": []}, ["body", "messages"]),
    ],
)
def test_a_misshapen_body_is_fastapis_422(app: App, path: str, body: Json, place: Any) -> None:
    answer = httpx.post(
        f"{app.url}/gen/v1{path}",
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422
    found = answer.json()["detail"]
    assert found[0]["loc"] == place
    assert set(found[0]) == {"loc", "msg", "type"}


def test_the_service_cannot_be_reconfigured_from_outside(app: App) -> None:
    for name in ("install", "config"):
        answer = httpx.put(f"{app.url}/gen/v1/chat/{name}", json={"repo": "a/b", "model": "c"})
        refused(answer, 403, "switched_off")


def test_speech_is_wav_for_xtts_and_mp3_for_others(app: App) -> None:
    sent = {"input": SENTENCE, "language": "en", "voice": "Vjollca Johnnie", "stream": False}
    answer = post(app, "/audio/speech", sent)
    assert answer.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as file:
        seconds = file.getnframes() / file.getframerate()
    assert 2 < seconds < 6
    faster = post(app, "/audio/speech", {**sent, "speed": 1.6})
    assert len(faster.content) < 0.8 * len(answer.content)

    sent = {"model": "piper-en-us-joe-medium", "input": SENTENCE, "voice": "alloy"}
    with httpx.stream("POST", f"{app.url}/gen/v1/audio/speech", json=sent, timeout=60) as streamed:
        assert streamed.headers["content-type"] == "audio/mpeg"
        assert streamed.headers["transfer-encoding"] == "chunked"
        mp3 = streamed.read()
    assert mp3[:3] == b"ID3" or mp3[0] == 0xFF

    for name, data in (("a.wav", answer.content), ("a.mp3", mp3)):
        heard = httpx.post(
            f"{app.url}/gen/v1/audio/transcriptions",
            data={"model": "whisper-transformers"},
            files={"file": (name, data)},
            timeout=60,
        ).json()
        assert sounds_like(heard["text"], SENTENCE)
        times = [time for chunk in heard["chunks"] for time in chunk["timestamp"]]
        assert times == sorted(times)
        assert " ".join(chunk["text"] for chunk in heard["chunks"]) == heard["text"]


def test_a_streamed_wav_is_heard_too(app: App) -> None:
    wav = post(app, "/audio/speech", {"input": SENTENCE}).content
    heard = httpx.post(
        f"{app.url}/gen/v1/audio/transcriptions",
        data={"language": "en"},
        files={"file": ("a.wav", wav)},
        timeout=60,
    )
    assert sounds_like(heard.json()["text"], SENTENCE)


def test_what_a_voice_cannot_do_is_refused(app: App) -> None:
    body = {"input": "Guten Morgen", "language": "de"}
    assert "not 'de'" in refused(post(app, "/audio/speech", body), 400, "unsupported_input")
    body = {"input": "hello", "voice": "nobody"}
    assert "nobody" in refused(post(app, "/audio/speech", body), 404, "unknown_model")
    for stream in (True, False):
        refused(
            post(app, "/audio/speech", {"input": "…", "stream": stream}), 400, "unsupported_input"
        )


def test_a_recording_that_is_none_is_refused(app: App) -> None:
    answer = httpx.post(
        f"{app.url}/gen/v1/audio/transcriptions",
        files={"file": ("a.wav", b"MZ" + bytes(2000))},
        timeout=60,
    )
    refused(answer, 400, "unsupported_input")
    answer = httpx.post(
        f"{app.url}/gen/v1/audio/transcriptions",
        data={"model": "whisper-large"},
        files={"file": ("a.mp3", (ROOT / "assets" / "example-speech.mp3").read_bytes())},
    )
    refused(answer, 400, "model_service_mismatch")


def picture_part(picture: Any) -> Json:
    data = base64.b64encode(to_media(picture).read()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}


def test_a_picture_is_read_and_asked_about(app: App) -> None:
    question = {"type": "text", "text": "What is the TOTAL?"}
    body = {
        "model": "llava-transformers",
        "messages": [{"role": "user", "content": [question, picture_part(draw_receipt())]}],
        "max_tokens": 40,
        "temperature": 0,
    }
    whole = post(app, "/vision/completions", body).json()
    assert whole["object"] == "chat.completion"
    assert "14.26" in whole["choices"][0]["message"]["content"]
    deltas = deltas_of(post(app, "/vision/completions", {**body, "stream": True}))
    text = "".join(delta["content"] or "" for delta in deltas)
    assert text == whole["choices"][0]["message"]["content"]


def test_several_pictures_in_any_order_are_read(app: App) -> None:
    door = draw_lines([(20, 20, "The code of the door: 4471")], (400, 80))
    train = draw_lines([(20, 20, "Train to Rome: platform 9")], (400, 80))
    asked = {"type": "text", "text": "Which platform does the train to Rome leave from?"}
    content = [picture_part(door), asked, picture_part(train)]
    body = {
        "messages": [{"role": "user", "content": content}],
        "max_tokens": 40,
        "temperature": 0,
    }
    assert "9" in post(app, "/vision/completions", body).json()["choices"][0]["message"]["content"]


def test_a_question_without_its_picture_is_refused(app: App) -> None:
    error = refused(
        post(app, "/vision/completions", chat("What is this?")), 400, "unsupported_input"
    )
    assert "picture" in error
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,!!"}}
    body = {"messages": [{"role": "user", "content": [part]}]}
    refused(post(app, "/vision/completions", body), 400, "unsupported_input")
