"""Gai/Gen's bodies and objects, without a server."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError

from compat.gai.http import convert, objects, rag_convert
from compat.gai.http.generators import LOCAL_WRAPPERS, card_of
from compat.gai.http.progress import Percent
from compat.gai.http.schemas import ChatBody, SpeechBody, VisionBody
from configs.catalogue import load_catalogue
from workers.messages import (
    DocumentIndexed,
    DocumentInfo,
    Event,
    Finished,
    Modality,
    Passage,
    Progress,
    TextDelta,
    ToolCallDelta,
)
from workers.messages.errors import RequestError, UnsupportedInputError
from workers.models.availability import Availability
from workers.models.lookup import Models

CARDS = load_catalogue()
TEXT, VOICE = CARDS["smollm2-135m-instruct"], CARDS["piper-en-us-joe-medium"]
DEFAULTS: dict[Modality, str] = {
    "text": TEXT.id,
    "tts": VOICE.id,
    "stt": "whisper-tiny-en",
    "vision": "ppocr-v6-small",
}
MODELS = Models(lambda: CARDS, DEFAULTS)
ASKED = [{"role": "User", "content": "Hello"}]


def chat(**more: Any) -> ChatBody:
    return ChatBody.model_validate({"messages": ASKED, **more})


def text(piece: str) -> TextDelta:
    return TextDelta(request_id="r", text=piece)


def call(index: int, **more: str) -> ToolCallDelta:
    return ToolCallDelta(request_id="r", index=index, **more)


def written(model: str, *events: Event) -> list[tuple[Any, str | None]]:
    writer = objects.ChunkWriter("r", model)
    choices = [chunk["choices"][0] for event in events for chunk in writer.add(event)]
    return [(choice["delta"], choice["finish_reason"]) for choice in choices]


def test_stream_is_on_for_chat_and_speech_and_off_for_pictures() -> None:
    assert chat().stream
    assert SpeechBody(input="x").stream
    assert not VisionBody.model_validate({"messages": ASKED}).stream


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ({"max_tokens": 5}, "max_tokens", 5),
        ({"max_new_tokens": 5}, "max_tokens", 5),
        ({"max_tokens_to_sample": 5}, "max_tokens", 5),
        ({"token_repetition_penalty_max": 1.25}, "repeat_penalty", 1.25),
        ({"repetition_penalty": 1.2}, "repeat_penalty", 1.2),
        ({"typical": 0}, "typical_p", 1.0),
        ({"typical": 0.5}, "typical_p", 0.5),
        ({"do_sample": False, "temperature": 1.3}, "temperature", 0.0),
        ({"seed": -1}, "seed", None),
        ({"seed": 7}, "seed", 7),
        ({"stop": "\n"}, "stop", ("\n",)),
        ({"stopping_words": ["a", "b"]}, "stop", ("a", "b")),
        ({"logit_bias": {"42": -1.5}}, "logit_bias", ((42, -1.5),)),
        ({"top_p": None}, "top_p", 0.95),
    ],
)
def test_every_engines_word_for_it_counts(given: dict[str, Any], name: str, value: object) -> None:
    assert getattr(convert.to_generate(chat(**given), TEXT).sampling, name) == value


def test_keys_that_nobody_knows_are_kept_apart() -> None:
    assert chat(beams=1, max_new_tokens=3).model_extra == {"beams": 1}


def test_roles_are_in_any_case_and_the_answer_slot_is_dropped() -> None:
    turns = [
        {"role": "SYSTEM", "content": "Be brief."},
        *ASKED,
        {"role": "Assistant", "content": ""},
    ]
    messages = convert.to_generate(ChatBody.model_validate({"messages": turns}), TEXT).messages
    assert [message.role for message in messages] == ["system", "user"]


def test_tools_and_their_results_are_passed_on() -> None:
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    called = {"id": "call_1", "function": {"name": "f", "arguments": '{"a":1}'}}
    body = ChatBody.model_validate(
        {
            "messages": [
                *ASKED,
                {"role": "assistant", "content": "", "tool_calls": [called]},
                {"role": "tool", "content": "42", "tool_call_id": "call_1"},
            ],
            "tools": [{"type": "function", "function": function}],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
        }
    )
    request = convert.to_generate(body, TEXT)
    assert (request.tools[0].name, request.tools[0].parameters) == ("f", '{"type": "object"}')
    assert request.tool_choice == "f"
    assert request.messages[1].tool_calls[0].arguments == '{"a":1}'
    assert request.messages[2].tool_call_id == "call_1"


def test_exllamas_order_of_chunks() -> None:
    end = Finished(request_id="r", reason="length")
    assert written("mistral7b-exllama", text("a"), text(""), text("b"), end) == [
        ({"role": "assistant", "content": ""}, None),
        ({"content": "a"}, None),
        ({"content": "b"}, None),
        ({"content": None}, "length"),
    ]


def test_llamacpps_order_of_chunks() -> None:
    end = Finished(request_id="r")
    assert written("mistral7b-gguf", text("a"), end) == [
        ({"role": "assistant", "content": "a"}, None),
        ({"role": "assistant", "content": ""}, "stop"),
    ]


@pytest.mark.parametrize("model", ["mistral7b-exllama", "mistral7b-llamacpp"])
def test_arguments_come_whole_whatever_pieces_the_engine_wrote(model: str) -> None:
    deltas = written(
        model,
        call(0, call_id="call_a", name="f"),
        call(0, arguments='{"x"'),
        call(0, arguments=":1}"),
        call(1, call_id="call_b", name="g"),
        call(1, arguments="{}"),
        Finished(request_id="r"),
    )
    calls = [delta["tool_calls"][0] for delta, _ in deltas[:-1]]
    assert [(c["index"], c["id"], *c["function"].values()) for c in calls] == [
        (0, "call_a", "f", ""),
        (0, None, None, '{"x":1}'),
        (1, "call_b", "g", ""),
        (1, None, None, "{}"),
    ]
    assert [reason for _, reason in deltas] == [None] * 4 + ["tool_calls"]


def test_an_answer_without_a_word_still_has_its_role() -> None:
    deltas = written("mistral7b-exllama", Finished(request_id="r"))
    assert deltas == [({"role": "assistant", "content": ""}, None), ({"content": None}, "stop")]


@pytest.mark.parametrize("modality", DEFAULTS)
def test_local_wrappers_stand_for_the_model_in_use_until_a_card_has_their_name(
    modality: Modality, tmp_path: Path
) -> None:
    """A card whose weights or environment are not here does not count."""
    availability = Availability(data_dir=tmp_path)
    default = {modality: DEFAULTS[modality]}
    for name in LOCAL_WRAPPERS[modality]:
        models = Models(lambda: CARDS, default, availability)
        assert card_of(models, modality, name) == models.default(modality)
        own = models.default(modality).model_copy(update={"id": name})
        models = Models(partial(dict, {**CARDS, own.id: own}), default, availability)
        assert card_of(models, modality, name) == own


@pytest.mark.parametrize("name", ["", "gpt-9", "whisper-tiny-en", "xtts-2"])
def test_other_names_are_a_mismatch(name: str) -> None:
    with pytest.raises(RequestError, match=r"smollm2-135m-instruct, .*mistral7b-exllama") as caught:
        card_of(MODELS, "text", name)
    assert caught.value.code == "model_service_mismatch"


def test_a_remote_wrapper_is_its_own_card() -> None:
    assert card_of(MODELS, "text", "gpt-4").is_remote


@pytest.mark.parametrize(
    ("given", "voice"),
    [
        (None, None),
        ("", None),
        ("alloy", None),
        ("Vjollca Johnnie", None),
        ("onyx", "onyx"),
        ("nobody", "nobody"),
    ],
)
def test_voices_of_the_originals_mean_the_first_unless_the_model_has_them(
    given: str | None, voice: str | None
) -> None:
    body = SpeechBody(input="x", voice=given)
    assert convert.to_synthesize(body, VOICE, ("joe", "onyx")).voice == voice


def test_a_language_that_the_voice_does_not_speak_is_refused() -> None:
    for language in ("en", "en-GB", "EN_us", "", None):
        convert.to_synthesize(SpeechBody(input="x", language=language), VOICE, ())
    with pytest.raises(UnsupportedInputError, match="speaks en, not 'de'"):
        convert.to_synthesize(SpeechBody(input="x", language="de"), VOICE, ())


def passage(words: str, score: float) -> Passage:
    return Passage(
        chunk_id=f"{words}:0",
        document_id="d",
        document_name="a.pdf",
        page=None,
        text=words,
        score=score,
        metadata=(("filename", "b.pdf"), ("title", "T")),
    )


def test_rows_rise_by_distance_and_equal_texts_are_one() -> None:
    found = [passage("near", 0.75), passage("far", 0.25), passage("near", 0.5), passage("x", 1.0)]
    columns = rag_convert.columns(found)
    assert columns is not None
    assert columns["documents"] == {"0": "x", "1": "near", "3": "far"}
    assert columns["distances"] == {"0": 0.0, "1": 0.25, "3": 0.75}
    assert all(re.fullmatch("[0-9a-f]{64}", chunk_id) for chunk_id in columns["ids"].values())
    assert columns["metadatas"]["0"] == {
        "filename": "b.pdf",
        "title": "T",
        "document_id": "d",
        "page": None,
    }
    assert rag_convert.columns([]) is None
    assert rag_convert.records([]) == []


def test_metadata_is_read_from_json() -> None:
    given = '{"title": "é", "authors": ["A", "B"], "year": 2017, "source": null, "more": {"a": 1}}'
    assert rag_convert.to_metadata(given) == (
        ("title", "é"),
        ("authors", "A, B"),
        ("year", "2017"),
        ("more", '{"a": 1}'),
    )
    assert rag_convert.to_metadata("") == ()
    with pytest.raises(RequestValidationError):
        rag_convert.to_metadata("null")


def test_percent_rises_to_100_only_for_what_was_added() -> None:
    def step(done: int, unit: str) -> Progress:
        return Progress(request_id="r", done=done, total=4, unit=unit)

    info = DocumentInfo(document_id="d", name="a", num_pages=1, num_chunks=4, num_bytes=1)
    percent = Percent()
    events = [step(n, unit) for unit in ("pages", "chunks") for n in (1, 2, 2, 4)]
    assert [percent.of(event) for event in events] == [5, 10, None, 20, 40, 60, None, 99]
    for status, number in (("unchanged", None), ("failed", None), ("added", 100)):
        event = DocumentIndexed(request_id="r", document=info, status=status)  # type: ignore[arg-type]
        assert percent.of(event) == number
