"""Paths, bytes and OpenAI's dicts become messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from library.inputs import to_constraint, to_files, to_media, to_messages, to_tools
from workers.messages import ChatMessage, Constraint, Media, Tool, ToolCall
from workers.messages.errors import UnsupportedInputError, from_code

CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}


def test_a_question_becomes_a_conversation() -> None:
    asked = to_messages("Why?", system="Be brief.")
    assert asked == (
        ChatMessage(role="system", text="Be brief."),
        ChatMessage(role="user", text="Why?"),
    )


def test_calls_of_tools_and_their_results_are_kept() -> None:
    turns: list[dict[str, Any]] = [
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "TOOL", "content": "3", "tool_call_id": "call_1"},
    ]
    call = ToolCall(call_id="call_1", name="add", arguments='{"a": 1}')
    assert to_messages(turns) == (
        ChatMessage(role="assistant", text="", tool_calls=(call,)),
        ChatMessage(role="tool", text="3", tool_call_id="call_1"),
    )


def test_text_parts_are_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert to_messages([{"role": "user", "content": parts}])[0].text == "a\nb"


@pytest.mark.parametrize(
    ("turn", "sentence"),
    [
        ({"role": "wizard", "content": "x"}, "Message 1 has the role 'wizard'"),
        ({"content": "x"}, "Message 1 has the role None"),
        ({"role": "user", "content": [{"type": "image_url"}]}, "message 1 is not text"),
        ({"role": "user", "content": 7}, "message 1 is not text"),
    ],
)
def test_what_is_no_message_is_named(turn: dict[str, object], sentence: str) -> None:
    with pytest.raises(UnsupportedInputError, match=sentence):
        to_messages([turn])


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", ".hidden"):
        (tmp_path / name).write_text(name)
    assert [media.name for media in to_files(tmp_path)] == ["a.txt", "b.txt"]
    assert to_files([b"x", tmp_path / "b.txt"])[0] == Media(name="input", data=b"x")


def test_a_missing_file_is_pythons_error_and_ours() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        to_media("nowhere.txt")
    assert isinstance(caught.value, UnsupportedInputError)
    assert type(from_code("unsupported_input", "x")) is UnsupportedInputError


def test_tools_come_with_and_without_openais_wrapping() -> None:
    function = {"name": "add", "description": "Adds.", "parameters": {"type": "object"}}
    expected = Tool(name="add", description="Adds.", parameters='{"type": "object"}')
    wrapped = {"type": "function", "function": function}
    assert to_tools([wrapped, function, expected]) == (expected,) * 3
    with pytest.raises(UnsupportedInputError, match="no name"):
        to_tools([{"type": "function", "function": {}}])


class Person(BaseModel):
    age: int


def test_a_schema_may_be_a_pydantic_model() -> None:
    assert to_constraint(None) is None
    assert to_constraint({"type": "object"}) == Constraint(kind="schema", text='{"type": "object"}')
    constraint = to_constraint(Person)
    assert constraint is not None
    assert json.loads(constraint.text) == Person.model_json_schema()
