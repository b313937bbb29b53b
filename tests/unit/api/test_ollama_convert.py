"""Ollama's durations, options, turns, contexts and names: pure functions."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

import pytest

from api.ollama import context, convert, names, options, prompting
from api.ollama.durations import seconds_of
from api.ollama.objects import AnswerWriter, never, timestamp
from api.ollama.schemas import ChatBody, GenerateBody, Message
from configs.catalogue import ModelCard, load_catalogue
from workers.messages import (
    ChatMessage,
    Complete,
    Finished,
    Generate,
    Started,
    TextDelta,
    Thinking,
    ToolCallDelta,
    Usage,
)
from workers.messages.errors import UnsupportedInputError

CARDS = load_catalogue()
CARD = CARDS["smollm2-135m-instruct"]
THINKER = CARDS["qwen3-0.6b"]
PLAIN = Thinking(is_on=False)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None), (0, 0.0), ("0", 0.0), ("0s", 0.0), (1.5, 1.5), (1800, 1800.0), ("300", 300.0),
        ("10m", 600.0), ("1h30m", 5400.0), ("500ms", 0.5), ("1.5h", 5400.0), (-1, math.inf),
        ("-1", math.inf), ("-1m", math.inf), ("-1s", math.inf), (1e300, math.inf),
    ],
)  # fmt: skip
def test_keep_alive_is_seconds_or_a_duration(said: Any, seconds: float | None) -> None:
    assert seconds_of(said) == seconds


@pytest.mark.parametrize("said", ["soon", "10 m", "m", "", "1d", math.nan, "1m!"])
def test_what_is_no_duration_is_refused_with_an_example(said: Any) -> None:
    with pytest.raises(UnsupportedInputError, match="10m"):
        seconds_of(said)


def test_options_become_sampling() -> None:
    given = {
        "num_predict": 5.0, "top_k": 20.0, "top_p": 0.5, "min_p": 0.1, "typical_p": 0.9, "seed": 7,
        "temperature": 0, "repeat_penalty": 1.2, "stop": "END", "presence_penalty": 1,
        "frequency_penalty": 0.5, "mirostat": 2, "mirostat_tau": 4, "mirostat_eta": 0.2,
    }  # fmt: skip
    sampling = options.sampling_of(given, CARD, PLAIN)
    assert (sampling.max_tokens, sampling.top_k, sampling.seed) == (5, 20, 7)
    assert (sampling.temperature, sampling.mirostat, sampling.repeat_penalty) == (0, 2, 1.2)
    assert "END" in sampling.stop
    assert options.ignored(given, None) == []


def test_options_that_mean_nothing_in_particular_are_left_to_the_card() -> None:
    sampling = options.sampling_of(
        {"num_predict": -1, "seed": -1, "top_k": None, "stop": []}, CARD, PLAIN
    )
    assert sampling == options.sampling_of({}, CARD, PLAIN)
    assert options.sampling_of({"num_predict": 0}, CARD, PLAIN).max_tokens is None


def test_a_penalty_that_looks_back_on_nothing_is_off() -> None:
    given = {"repeat_penalty": 1.5, "repeat_last_n": 0}
    assert options.sampling_of(given, CARD, PLAIN).repeat_penalty == 1.0
    assert options.ignored(given, None) == []
    assert options.ignored({"repeat_last_n": 64}, None) == ["repeat_last_n"]


def test_what_nothing_follows_is_named() -> None:
    given = {
        "num_gpu": 1,
        "penalize_newline": True,
        "num_keep": 4,
        "main_gpu": None,
        "max_tokens": 3,
    }
    assert options.ignored(given, None) == ["num_gpu", "penalize_newline", "num_keep", "max_tokens"]
    assert options.sampling_of(given, CARD, PLAIN).max_tokens is None


@pytest.mark.parametrize(("here", "named"), [(4096, []), (8192, []), (2048, ["num_ctx"])])
def test_a_context_is_followed_as_far_as_there_is_one(here: int, named: list[str]) -> None:
    assert options.ignored({"num_ctx": 4096}, here) == named


@pytest.mark.parametrize(
    "wrong", [{"temperature": "hot"}, {"num_predict": "5"}, {"seed": True}, {"stop": 3}]
)
def test_an_option_of_the_wrong_type_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedInputError, match=next(iter(wrong))):
        options.sampling_of(wrong, CARD, PLAIN)


def calls(*named: str) -> dict[str, Any]:
    return {
        "role": "assistant",
        "tool_calls": [{"function": {"name": name, "arguments": {"x": 1}}} for name in named],
    }


def messages(*turns: dict[str, Any]) -> list[ChatMessage]:
    return convert.to_messages([Message.model_validate(turn) for turn in turns])


def test_results_without_id_and_name_answer_the_calls_in_their_order() -> None:
    found = messages(
        calls("a", "b"), {"role": "tool", "content": "1"}, {"role": "TOOL", "content": "2"}
    )
    assert [call.name for call in found[0].tool_calls] == ["a", "b"]
    assert [turn.tool_call_id for turn in found[1:]] == [c.call_id for c in found[0].tool_calls]
    assert len({call.call_id for call in found[0].tool_calls}) == 2


def test_results_with_a_name_or_an_id_answer_that_call() -> None:
    named = messages(
        calls("a", "b"), {"role": "tool", "tool_name": "b"}, {"role": "tool", "tool_name": "a"}
    )
    ids = [call.call_id for call in named[0].tool_calls]
    assert [turn.tool_call_id for turn in named[1:]] == ids[::-1]
    given = {**calls("a", "b")}
    given["tool_calls"][0]["id"], given["tool_calls"][1]["id"] = "one", "two"
    by_id = messages(given, {"role": "tool", "tool_call_id": "two"})
    assert by_id[1].tool_call_id == "two"


def test_a_role_that_nobody_has_is_refused() -> None:
    with pytest.raises(UnsupportedInputError, match="'boss'"):
        messages({"role": "boss", "content": "x"})


def test_nulls_mean_that_nothing_was_given() -> None:
    nulls = dict.fromkeys(
        ["format", "options", "keep_alive", "think", "tools", "logprobs", "stream", "truncate"]
    )
    turn = {"role": "user", "content": "hi", **dict.fromkeys(["images", "tool_calls", "thinking"])}
    body = ChatBody.model_validate({"model": "m", "messages": [turn], **nulls})
    assert body == ChatBody.model_validate(
        {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    )
    assert body.stream


def test_a_model_that_never_thinks_is_not_asked_to() -> None:
    asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    body = ChatBody.model_validate({**asked, "think": "high"})
    with pytest.raises(UnsupportedInputError, match="does not support thinking"):
        convert.to_chat(body, CARD)
    assert convert.to_chat(body, THINKER).thinking == Thinking(is_on=True, effort="high")
    off = ChatBody.model_validate({**asked, "think": False})
    assert convert.to_chat(off, CARD).thinking.is_on is False


def test_a_context_comes_back_as_it_was() -> None:
    turns = [
        ChatMessage(role="system", text="Kurz. 🦊"),
        ChatMessage(role="user", text='Say "hi"\n'),
        ChatMessage(role="assistant", text="hi"),
    ]
    assert context.decoded(context.encoded(turns)) == turns


@pytest.mark.parametrize("numbers", [[1, 2, 128_000], [-1], [1 << 40], [91, 93, 93], [0xD800]])
def test_another_servers_context_is_refused(numbers: list[int]) -> None:
    with pytest.raises(UnsupportedInputError, match="context"):
        context.decoded(numbers)


def generate(**keys: Any) -> Generate | Complete:
    body = GenerateBody.model_validate({"model": "m", "prompt": "Hello", **keys})
    return prompting.to_request(body, CARD)


def test_a_prompt_is_a_conversation_and_a_system_text_takes_the_place_of_the_earlier_one() -> None:
    earlier = context.encoded(
        [ChatMessage(role="system", text="old"), ChatMessage(role="user", text="before")]
    )
    request = generate(system="new", context=earlier)
    assert isinstance(request, Generate)
    assert [(turn.role, turn.text) for turn in request.messages] == [
        ("system", "new"), ("user", "before"), ("user", "Hello"),
    ]  # fmt: skip


def test_a_raw_prompt_stays_as_it_is_and_goes_together_with_nothing() -> None:
    request = generate(raw=True)
    assert isinstance(request, Complete)
    assert request.prompt == "Hello"
    for key, value in {"system": "x", "template": "x", "context": [1], "images": ["x"]}.items():
        with pytest.raises(UnsupportedInputError, match=key):
            generate(raw=True, **{key: value})


def test_a_suffix_is_refused_by_the_capability_that_it_needs() -> None:
    with pytest.raises(UnsupportedInputError, match="insert"):
        generate(suffix="end")
    body = GenerateBody(model="m", prompt="a", suffix="b", system="x")
    with pytest.raises(UnsupportedInputError, match="system"):
        prompting.to_request(body, CARDS["qwen2.5-coder-7b-instruct"])


def long_talk(num_turns: int, words: int = 50) -> Generate:
    said = [
        ChatMessage(role=role, text="word " * words)
        for _ in range(num_turns)
        for role in ("user", "assistant")
    ]
    system = ChatMessage(role="system", text="Be brief.")
    return Generate(messages=(system, *said, ChatMessage(role="user", text="And now?")))


def test_the_oldest_turns_leave_and_the_system_and_the_question_stay() -> None:
    shorter = convert.without_oldest(long_talk(10), num_tokens=1000, max_tokens=500)
    assert shorter is not None
    assert shorter.messages[0].role == "system"
    assert shorter.messages[1].role == "user"
    assert shorter.messages[-1].text == "And now?"
    assert 5 < len(shorter.messages) < 13


def test_a_conversation_shrinks_until_only_the_question_is_left() -> None:
    request: Generate | None = long_talk(10)
    lengths = []
    while request is not None:
        lengths.append(len(request.messages))
        request = convert.without_oldest(request, 0, 0)
    assert lengths == sorted(set(lengths), reverse=True)
    assert lengths[-1] == 2


@pytest.mark.parametrize(
    ("name", "model_id"),
    [("mario", "mario"), ("mario:latest", "mario"), ("mario:1.2", "mario-1.2")],
)
def test_a_new_name_becomes_an_id(name: str, model_id: str) -> None:
    assert names.new_id(name) == model_id


@pytest.mark.parametrize("name", ["a/b", "a b", ":x", "a:", "-a", "ä", "a" * 81, "a:b:c"])
def test_a_name_that_none_can_have_is_refused(name: str) -> None:
    with pytest.raises(UnsupportedInputError, match="cannot be a model's name"):
        names.new_id(name)


def test_a_model_is_shown_with_its_tag_and_one_made_here_by_the_name_it_was_given() -> None:
    made = ModelCard.model_validate({**CARD.model_dump(), "id": "m-1", "name": "m:1", "base": "x"})
    assert names.shown(CARD) == "smollm2-135m-instruct:latest"
    assert names.shown(made) == "m:1"


def test_dates_have_nine_digits_of_a_second_and_a_zone() -> None:
    assert timestamp(0.5) == "1970-01-01T00:00:00.500000000Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", never())
    assert int(never()[:4]) > datetime.now().astimezone().year + 290


def events(*between: Any, reason: Any = "stop") -> list[Any]:
    usage = Usage(prompt_tokens=3, completion_tokens=2, decode_s=0.5)
    started = Started(request_id="r", queue_wait_s=2.0, load_s=1.5)
    return [started, *between, Finished(request_id="r", reason=reason, usage=usage)]


def test_a_whole_answer_is_the_last_line_with_all_that_was_said() -> None:
    said = [TextDelta(request_id="r", text=text) for text in ("a", "b")]
    whole = AnswerWriter(route="generate", model="m").whole(events(*said))
    assert (whole["response"], whole["done"], whole["done_reason"]) == ("ab", True, "stop")
    assert (whole["prompt_eval_count"], whole["eval_count"]) == (3, 2)
    assert (whole["load_duration"], whole["eval_duration"]) == (1_500_000_000, 500_000_000)
    assert "prompt_eval_duration" not in whole  # what is nothing is left out


def test_calls_come_whole_before_the_last_line() -> None:
    pieces = [
        ToolCallDelta(request_id="r", index=0, call_id="c", name="f", arguments='{"a"'),
        ToolCallDelta(request_id="r", index=0, arguments=": 1}"),
    ]
    writer = AnswerWriter(route="chat", model="m")
    lines = [line for event in events(*pieces, reason="tool_calls") for line in writer.add(event)]
    call = {"id": "c", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}}
    assert [line["message"].get("tool_calls") for line in lines] == [[call], None]
    assert lines[-1]["done_reason"] == "stop"


def test_a_call_that_was_cut_short_is_left_out() -> None:
    piece = ToolCallDelta(request_id="r", index=0, call_id="c", name="f", arguments='{"a')
    whole = AnswerWriter(route="chat", model="m").whole(events(piece, reason="length"))
    assert "tool_calls" not in whole["message"]
    assert whole["done_reason"] == "length"
