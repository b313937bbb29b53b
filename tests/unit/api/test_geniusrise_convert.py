"""Geniusrise's bodies, key by key: defaults, aliases, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from api.core.completions.schemas import Message
from compat.geniusrise.convert import (
    as_spoken,
    check,
    error_body,
    likeliest,
    num_written,
    opened,
    to_chat,
    to_generate,
)
from compat.geniusrise.schemas import ChatBody, LlamaCppBody, PlainBody, VllmBody
from configs.catalogue import load_catalogue
from workers.messages import Event, Finished, Generate, TextDelta, TokenLogprob
from workers.messages.errors import UnsupportedInputError

CARD = load_catalogue()["smollm2-135m-instruct"]
HELLO = [{"role": "user", "content": "hello"}]
BODIES: dict[str, TypeAdapter[Any]] = {
    "vllm": TypeAdapter(VllmBody),
    "llama_cpp": TypeAdapter(LlamaCppBody),
}


def body_of(runtime: str, **keys: object) -> Any:
    return BODIES[runtime].validate_python({"messages": HELLO, **keys})


def generated(runtime: str, **keys: object) -> Generate:
    return to_generate(body_of(runtime, **keys), CARD)


def test_each_runtime_keeps_its_own_defaults() -> None:
    vllm, llama = generated("vllm").sampling, generated("llama_cpp").sampling
    assert (vllm.temperature, vllm.top_p, vllm.top_k, vllm.min_p) == (0.7, 1.0, 0, 0.0)
    assert (llama.temperature, llama.top_p, llama.top_k, llama.min_p) == (0.2, 0.95, 40, 0.05)
    assert (vllm.repeat_penalty, llama.repeat_penalty) == (1.0, 1.1)
    assert (vllm.max_tokens, llama.max_tokens) == (None, None)


@pytest.mark.parametrize(
    ("runtime", "given", "field", "value"),
    [
        ("vllm", {"top_k": -1}, "top_k", 0),
        ("vllm", {"top_k": 7}, "top_k", 7),
        ("vllm", {"repetition_penalty": 1.2}, "repeat_penalty", 1.2),
        ("vllm", {"ignore_eos": True}, "ignore_eos", True),
        ("vllm", {"logit_bias": {"5": -3}}, "logit_bias", ((5, -3.0),)),
        ("vllm", {"stop": ["a"]}, "stop", ("a",)),
        ("vllm", {"presence_penalty": 1, "user": "me"}, "presence_penalty", 1),
        ("llama_cpp", {"max_tokens": -1}, "max_tokens", None),
        ("llama_cpp", {"max_tokens": 9}, "max_tokens", 9),
        ("llama_cpp", {"top_k": -1}, "top_k", 0),
        ("llama_cpp", {"repeat_penalty": 1.3}, "repeat_penalty", 1.3),
        ("llama_cpp", {"mirostat_mode": 2}, "mirostat", 2),
        ("llama_cpp", {"mirostat_tau": 4}, "mirostat_tau", 4),
        ("llama_cpp", {"typical_p": 0.9}, "typical_p", 0.9),
        ("llama_cpp", {"seed": 3}, "seed", 3),
        ("llama_cpp", {"logprobs": True, "top_logprobs": 2}, "num_logprobs", 2),
        ("llama_cpp", {"frequency_penalty": 0.4}, "frequency_penalty", 0.4),
    ],
)
def test_every_key_reaches_the_sampling(
    runtime: str, given: dict[str, object], field: str, value: object
) -> None:
    assert getattr(generated(runtime, **given).sampling, field) == value


def test_tools_formats_and_grammars_go_through() -> None:
    tool = {"name": "f", "parameters": {"type": "object"}}
    request = generated("llama_cpp", functions=[tool], function_call={"name": "f"})
    assert (request.tools[0].name, request.tool_choice) == ("f", "f")
    constraint = generated("llama_cpp", response_format={"type": "json_object"}).constraint
    assert constraint is not None
    assert constraint.kind == "json"
    constraint = generated("llama_cpp", grammar='root ::= "a"').constraint
    assert constraint is not None
    assert constraint.kind == "grammar"


@pytest.mark.parametrize(
    ("runtime", "key", "value"),
    [
        ("vllm", "length_penalty", 2),
        ("vllm", "use_beam_search", True),
        ("vllm", "stop_token_ids", [2]),
        ("vllm", "skip_special_tokens", False),
        ("vllm", "add_generation_prompt", False),
        ("vllm", "include_stop_str_in_output", True),
        ("vllm", "chat_template", "{{ messages }}"),
        ("llama_cpp", "tfs_z", 0.5),
    ],
)
def test_a_value_that_could_not_be_honoured_is_refused_by_name(
    runtime: str, key: str, value: object
) -> None:
    check(body_of(runtime))
    with pytest.raises(UnsupportedInputError, match=rf"^{key} is "):
        check(body_of(runtime, **{key: value}))


def test_the_neutral_values_of_a_verbose_client_are_taken() -> None:
    check(
        body_of(
            "vllm",
            length_penalty=1,
            use_beam_search=False,
            stop_token_ids=[],
            skip_special_tokens=True,
            spaces_between_special_tokens=True,
            add_generation_prompt=True,
            include_stop_str_in_output=False,
            chat_template=None,
        )
    )


def test_what_needs_the_whole_answer_is_not_streamed() -> None:
    with pytest.raises(UnsupportedInputError, match="need the whole answer"):
        check(body_of("vllm", best_of=2, stream=True))
    check(body_of("vllm", n=2, best_of=2, stream=True))
    plain = BODIES["llama_cpp"].validate_python({"prompt": "a", "echo": True, "stream": True})
    with pytest.raises(UnsupportedInputError, match="need the whole answer"):
        check(plain)


def test_pictures_are_refused_not_dropped() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}
    with pytest.raises(UnsupportedInputError, match="text alone"):
        check(body_of("vllm", messages=[{"role": "user", "content": [picture]}]))


def test_a_prompt_without_messages_is_a_plain_completion() -> None:
    for adapter in BODIES.values():
        plain = adapter.validate_python({"prompt": "a"})
        assert isinstance(plain, PlainBody)
        assert (plain.max_tokens, plain.temperature) == (16, 0.8)
    assert not isinstance(body_of("llama_cpp", prompt="ignored"), PlainBody)


def test_the_bots_turns_sent_as_system_become_its_own() -> None:
    def roles(*names: str) -> list[str]:
        turns = [Message(role=name, content="x") for name in names]
        return [turn.role for turn in as_spoken(turns)]

    assert roles("user", "system", "user") == ["user", "assistant", "user"]
    assert roles("system", "user", "System", "user", "system") == [
        "system",
        "user",
        "assistant",
        "user",
        "system",
    ]
    assert roles("system") == ["system"]
    assert roles("user", "assistant", "user") == ["user", "assistant", "user"]


def answer(text: str, logprob: float) -> list[Event]:
    token = TokenLogprob(token=text, logprob=logprob)
    return [TextDelta(request_id="r", text=text, logprobs=(token,)), Finished(request_id="r")]


def test_the_likeliest_answers_are_kept_without_logprobs_nobody_asked_for() -> None:
    body = body_of("vllm", n=2, best_of=3)
    assert num_written(body) == 3
    assert to_generate(body, CARD).sampling.num_logprobs == 0
    kept = likeliest([answer("c", -3), answer("a", -1), answer("b", -2)], body)
    assert kept == [
        [TextDelta(request_id="r", text="a"), Finished(request_id="r")],
        [TextDelta(request_id="r", text="b"), Finished(request_id="r")],
    ]
    asked = body_of("vllm", best_of=2, logprobs=True)
    assert likeliest([answer("c", -3), answer("a", -1)], asked) == [answer("a", -1)]


def test_echo_and_the_role_open_the_answer() -> None:
    turns = [*HELLO, {"role": "bard", "content": "Once"}]
    body = body_of("vllm", messages=turns, echo=True, response_role="bard")
    whole: dict[str, Any] = {"choices": [{"message": {"role": "assistant", "content": " more"}}]}
    assert opened(whole, body)["choices"][0]["message"] == {"role": "bard", "content": "Once more"}
    whole = {"choices": [{"message": {"role": "assistant", "content": None}}]}
    message = opened(whole, body_of("llama_cpp"))["choices"][0]["message"]
    assert message == {"role": "assistant", "content": None}


@pytest.mark.parametrize("key", ["prompt", "user_prompt"])
def test_one_question_in_both_spellings(key: str) -> None:
    body = ChatBody.model_validate({key: "Q", "system_prompt": "S", "max_new_tokens": 5})
    request = to_chat(body, CARD)
    assert [(turn.role, turn.text) for turn in request.messages] == [("system", "S"), ("user", "Q")]
    assert request.sampling.max_tokens == 5
    assert request.sampling.temperature == 0.7  # nothing said: the card's, else ours


def test_an_error_names_its_status_in_words() -> None:
    assert error_body(401, "No.") == {"status": "401 Unauthorized", "message": "No."}
