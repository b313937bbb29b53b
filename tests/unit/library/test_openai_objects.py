"""Events become the objects of the `openai` package."""

from __future__ import annotations

import json

from library.openai_objects import Frame, chunks, completion
from workers.messages import Event, Finished, TextDelta, ToolCallDelta, Usage

FRAME = Frame(id="chatcmpl-1", model="wrapper", created=7)
TEXT: tuple[Event, ...] = (
    TextDelta(request_id="r", text="Hel"),
    TextDelta(request_id="r", text="lo"),
    Finished(request_id="r", reason="length", usage=Usage(prompt_tokens=3, completion_tokens=2)),
)
CALL: tuple[Event, ...] = (
    ToolCallDelta(request_id="r", index=0, call_id="call_1", name="add"),
    ToolCallDelta(request_id="r", index=0, arguments='{"a":'),
    ToolCallDelta(request_id="r", index=0, arguments=" 1}"),
    Finished(request_id="r", reason="tool_calls"),
)


def test_an_answer_has_content_reason_and_real_usage() -> None:
    answer = completion(TEXT, FRAME)
    (choice,) = answer.choices
    assert (choice.message.content, choice.finish_reason, choice.index) == ("Hello", "length", 0)
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (3, 5)
    dumped = answer.model_dump()
    assert (dumped["object"], dumped["created"], dumped["model"]) == (
        "chat.completion",
        7,
        "wrapper",
    )
    assert json.loads(answer.to_json())["choices"][0]["message"]["role"] == "assistant"


def test_a_call_has_no_content() -> None:
    (choice,) = completion(CALL, FRAME).choices
    assert (choice.message.content, choice.finish_reason) == (None, "tool_calls")
    (call,) = choice.message.tool_calls or []
    assert call.type == "function"
    assert (call.id, call.function.name, call.function.arguments) == ("call_1", "add", '{"a": 1}')


def test_a_stream_opens_with_the_role_and_closes_with_the_reason() -> None:
    stream = [chunk.choices[0] for chunk in chunks(TEXT, FRAME)]
    assert [(c.delta.role, c.delta.content, c.finish_reason) for c in stream] == [
        ("assistant", "", None),
        (None, "Hel", None),
        (None, "lo", None),
        (None, None, "length"),
    ]
    assert len(list(chunks(TEXT, FRAME, has_role=False))) == 3


def test_a_streamed_call_names_itself_once() -> None:
    pieces = [
        call
        for chunk in chunks(CALL, FRAME)
        for call in chunk.choices[0].delta.tool_calls or []
        if call.function is not None
    ]
    assert [piece.id for piece in pieces] == ["call_1", None, None]
    texts = [piece.function.arguments or "" for piece in pieces if piece.function]
    assert json.loads("".join(texts)) == {"a": 1}


def test_fields_beyond_openais_can_be_read() -> None:
    answer = completion(TEXT, Frame(id="1", model="m", extra={"provider": None}))
    assert answer.model_dump()["provider"] is None
