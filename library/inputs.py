"""What people who script pass in → messages: paths, bytes, dicts in OpenAI's shape. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, get_args

from pydantic import BaseModel

from workers.messages import ChatMessage, Constraint, Media, Role, Tool, ToolCall
from workers.messages.errors import UnsupportedInputError

File: TypeAlias = "str | Path | bytes"
"""A path, or the content itself."""
Message: TypeAlias = "ChatMessage | Mapping[str, Any]"
Messages: TypeAlias = "str | Sequence[Message]"
"""One question, or a conversation of `{"role": …, "content": …}`."""
Schema: TypeAlias = "Mapping[str, Any] | type[BaseModel]"
"""A JSON schema, or a pydantic model that stands for one."""

ROLES: tuple[Role, ...] = get_args(Role)


class NoSuchFileError(UnsupportedInputError, FileNotFoundError):
    """A file that was named does not exist."""

    code = "no_such_file"


def to_media(file: File, name: str = "input") -> Media:
    """Return the file; a path is left to the worker to read. Raises: NoSuchFileError."""
    if isinstance(file, bytes):
        return Media(name=name, data=file)
    path = Path(file).expanduser().resolve()
    if not path.is_file():
        raise NoSuchFileError(f"There is no file {path}.")
    return Media(name=path.name, path=str(path))


def to_files(files: File | Iterable[File]) -> tuple[Media, ...]:
    """Return one file or several; a folder stands for the files in it, in order of their names.

    Raises: NoSuchFileError.
    """
    listed = (files,) if isinstance(files, (str, Path, bytes)) else files
    return tuple(media for file in listed for media in _expanded(file))


def _expanded(file: File) -> list[Media]:
    if isinstance(file, bytes) or not Path(file).expanduser().is_dir():
        return [to_media(file)]
    inside = sorted(Path(file).expanduser().iterdir())
    return [to_media(path) for path in inside if path.is_file() and path.name[0] != "."]


def to_messages(messages: Messages, system: str = "") -> tuple[ChatMessage, ...]:
    """Return the conversation; roles in any case, an empty last answer is a slot and left out.

    Raises: UnsupportedInputError naming what is wrong with which message.
    """
    turns = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    said = [_to_message(turn, number) for number, turn in enumerate(turns, start=1)]
    if said and said[-1].role == "assistant" and not (said[-1].text or said[-1].tool_calls):
        said.pop()
    if system:
        said.insert(0, ChatMessage(role="system", text=system))
    return tuple(said)


def _to_message(turn: Message, number: int) -> ChatMessage:
    if isinstance(turn, ChatMessage):
        return turn
    role = str(turn.get("role", "")).lower()
    known = next((name for name in ROLES if name == role), None)
    if known is None:
        raise UnsupportedInputError(
            f"Message {number} has the role {turn.get('role')!r}; known: {', '.join(ROLES)}."
        )
    return ChatMessage(
        role=known,
        text=_to_text(turn.get("content"), number),
        tool_calls=tuple(_to_call(call) for call in turn.get("tool_calls") or ()),
        tool_call_id=str(turn.get("tool_call_id") or ""),
    )


def _to_text(content: Any, number: int) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    parts = content if isinstance(content, list) else [content]
    if all(isinstance(part, Mapping) and part.get("type") == "text" for part in parts):
        return "\n".join(str(part["text"]) for part in parts)
    raise UnsupportedInputError(
        f"The content of message {number} is not text.", hint="Ask about pictures with describe()."
    )


def _to_call(call: Mapping[str, Any]) -> ToolCall:
    function = call.get("function") or {}
    return ToolCall(
        call_id=str(call.get("id", "")),
        name=str(function.get("name", "")),
        arguments=str(function.get("arguments", "{}")),
    )


def to_tools(tools: Iterable[Tool | Mapping[str, Any]]) -> tuple[Tool, ...]:
    """Return the functions, ours or in OpenAI's shape. Raises: UnsupportedInputError."""
    return tuple(tool if isinstance(tool, Tool) else _to_tool(tool) for tool in tools)


def _to_tool(tool: Mapping[str, Any]) -> Tool:
    function = tool.get("function", tool)
    if "name" not in function:
        raise UnsupportedInputError(
            "A tool has no name.",
            hint='Write {"type": "function", "function": {"name": …, "parameters": {…}}}.',
        )
    return Tool(
        name=str(function["name"]),
        description=str(function.get("description") or ""),
        parameters=json.dumps(function.get("parameters") or {}),
    )


def to_constraint(schema: Schema | None) -> Constraint | None:
    """Return what every answer must match."""
    if schema is None:
        return None
    content = schema.model_json_schema() if isinstance(schema, type) else schema
    return Constraint(kind="schema", text=json.dumps(content))
