"""A conversation as LocalAI's templates lay it out: text in, one prompt out. Pure functions.

Source: LocalAI's model files (`template.chat`, `.chat_message`, `.completion`, `.edit`,
`.function`, `roles`, `system_prompt`); templates are Go's text/template with sprig.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from configs.catalogue import Templates
from workers.messages import ChatMessage, Complete, Generate, Tool, ToolCall
from workers.messages.errors import LoadError
from workers.templates.go import TemplateError, plain, render

CALLING_ROLE = "assistant_function_call"
"""The role, where a model file has a prefix for it, of a turn that calls a function."""


@dataclass(frozen=True, slots=True)
class _Called:
    Name: str = field(metadata={"json": "name"})
    Arguments: str = field(metadata={"json": "arguments"})


@dataclass(frozen=True, slots=True)
class _Call:
    """A call under the names that templates use, and those that JSON uses."""

    Index: int = field(metadata={"json": "index"})
    ID: str = field(metadata={"json": "id"})
    Type: str = field(metadata={"json": "type"})
    FunctionCall: _Called = field(metadata={"json": "function"})


@dataclass(frozen=True, slots=True)
class _Function:
    Name: str = field(metadata={"json": "name"})
    Description: str = field(metadata={"json": "description"})
    Parameters: Mapping[str, Any] = field(metadata={"json": "parameters"})


def formats_chat(templates: Templates | None) -> bool:
    """Whether a conversation is to be laid out here, not in the format that the weights carry."""
    return bool(
        templates
        and (templates.chat or templates.chat_message or templates.function or templates.roles)
    )


def shows_tools(templates: Templates) -> bool:
    """Whether the templates list the functions that a request offers."""
    return bool(templates.function) or ".Functions" in templates.chat


def lay_out(templates: Templates | None, request: Generate) -> Generate | Complete:
    """Return a conversation as raw text, or as it is if the weights carry its format."""
    if templates is None or not formats_chat(templates):
        return request
    return Complete(
        request_id=request.request_id,
        deadline=request.deadline,
        model=request.model,
        prompt=render_chat(templates, request.messages, request.tools),
        sampling=request.sampling,
        constraint=request.constraint,
    )


def render_chat(
    templates: Templates, messages: Sequence[ChatMessage], tools: Sequence[Tool] = ()
) -> str:
    """Return the prompt: each message through `chat_message`, joined, then through `chat`.

    Without `chat_message` a message is its role's prefix and its text. A message that comes out
    blank is left out. With tools and a `function` template, that one is used in place of `chat`;
    with neither, the joined messages are the prompt. Raises: LoadError naming template and line.
    """
    turns = [_turn(templates, messages, index) for index in range(len(messages))]
    has_system = any(message.role == "system" and message.text for message in messages)
    name = "function" if tools and templates.function else "chat"
    return _prompt(
        templates,
        name,
        Input=templates.separator.join(turn for turn in turns if turn),
        SuppressSystemPrompt=has_system and not templates.chat_message,
        Functions=[_function(tool) for tool in tools],
    )


def render_completion(templates: Templates | None, prompt: str) -> str:
    """Return the prompt within the `completion` template; as it stands if there is none."""
    return _prompt(templates, "completion", Input=prompt) if templates else prompt


def render_edit(templates: Templates | None, instruction: str, text: str) -> str:
    """Return the prompt that asks for an edit; without a template, instruction, then text."""
    if templates and templates.edit:
        return _prompt(templates, "edit", Input=text, Instruction=instruction)
    return f"{instruction}\n\n{text}".strip()


def inserts(templates: Templates | None) -> bool:
    """Whether the model writes what stands between two texts."""
    return templates is not None and bool(templates.insert)


def render_insert(templates: Templates, prompt: str, suffix: str) -> str:
    """Return the prompt that asks for what stands between two texts. Raises: LoadError."""
    return _rendered(templates.insert, {"Prompt": prompt, "Suffix": suffix}, "insert")


def _prompt(templates: Templates, template: str, **values: Any) -> str:
    source: str = getattr(templates, template)
    if not source:
        return str(values["Input"])
    fields = {
        "SystemPrompt": templates.system_prompt,
        "SuppressSystemPrompt": False,
        "Instruction": "",
        "Functions": [],
        "MessageIndex": 0,
        "ReasoningEffort": "",
        "Metadata": {},
    }
    return _rendered(source, {**fields, **values}, template)


def _turn(templates: Templates, messages: Sequence[ChatMessage], index: int) -> str:
    message = messages[index]
    is_calling = bool(message.tool_calls) and templates.roles.get(CALLING_ROLE)
    role = CALLING_ROLE if is_calling else message.role
    prefix = templates.roles.get(role, "")
    calls = [_call(number, call) for number, call in enumerate(message.tool_calls)]
    if not templates.chat_message:
        lines = [prefix + message.text] if message.text else []
        if calls:
            lines.append(f"{prefix} {_json(calls)}" if prefix else _json(calls))
        return "\n".join(lines)
    values = {
        "SystemPrompt": templates.system_prompt,
        "Role": prefix,
        "RoleName": role,
        "Content": message.text,
        "FunctionCall": calls,
        "FunctionName": _called_name(messages, message),
        "Function": False,
        "LastMessage": index == len(messages) - 1,
        "MessageIndex": index,
    }
    return _rendered(templates.chat_message, values, "chat_message")


def _called_name(messages: Sequence[ChatMessage], answer: ChatMessage) -> str:
    """Return the name of the function whose result a tool's turn is; "" for other turns."""
    calls = [call for message in messages for call in message.tool_calls]
    return next((c.name for c in calls if c.call_id == answer.tool_call_id), "")


def _call(index: int, call: ToolCall) -> _Call:
    return _Call(index, call.call_id, "function", _Called(call.name, call.arguments))


def _function(tool: Tool) -> _Function:
    return _Function(tool.name, tool.description, json.loads(tool.parameters))


def _json(value: object) -> str:
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))


def _rendered(source: str, values: Mapping[str, Any], template: str) -> str:
    try:
        return render(source, values, f"template.{template}")
    except TemplateError as err:
        raise LoadError(
            f"The model's prompt format could not be used: {err}",
            hint="Correct the template in the models folder.",
        ) from err
