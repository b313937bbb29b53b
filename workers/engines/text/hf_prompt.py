"""From a conversation to token ids, with the chat template that the tokenizer carries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from workers.messages import ChatMessage, Complete, Generate, Thinking
from workers.messages.errors import UnsupportedInputError

from .openai_json import Json, message_json, tool_json
from .template_tools import XML_TOOLS, tools_name, with_xml_tools
from .thoughts import tags_of

NUM_AFTER = 8
"""Tokens of the prompt that tell how the continuation's text begins."""


class ChatPrompts:
    """Encodes requests for one tokenizer."""

    def __init__(self, tokenizer: Any, name: str) -> None:
        self._tokenizer = tokenizer
        self._name = name
        template = tokenizer.chat_template
        listed = template.values() if isinstance(template, dict) else [template or ""]
        self._tools_name = next((name for text in listed if (name := tools_name(text))), "")
        self.shows_tools = bool(self._tools_name)
        self.tags = next((tags for text in listed if (tags := tags_of(text))), None)
        """How the model marks its thoughts; None for one that does not think."""

    def encode(self, request: Generate | Complete) -> tuple[list[int], list[int]]:
        """Return the prompt's ids, and those at its end whose text the completion continues.

        Raises: UnsupportedInputError if there is no template, or it refuses the conversation.
        """
        if isinstance(request, Complete):
            ids = list(self._tokenizer(request.prompt).input_ids)
            return ids, ids[-NUM_AFTER:]
        if not self._tokenizer.chat_template:
            raise UnsupportedInputError(
                f"{self._name} has no chat template: it was not made for conversations.",
                hint="Send it a text to continue, or write templates into its card.",
            )
        ids = self._encode_chat(request)
        is_continued = request.messages[-1].role == "assistant"
        return ids, ids[-NUM_AFTER:] if is_continued else []

    def opens_thought(self, ids: Sequence[int]) -> bool:
        """Whether a prompt ends with the tag that opens a thought."""
        if self.tags is None:
            return False
        end = str(self._tokenizer.decode(list(ids)[-2 * NUM_AFTER :]))
        return end.rstrip().endswith(self.tags.start.strip())

    def num_tokens(self, text: str) -> int:
        """Return how many tokens a text has, without any that begin or end a prompt."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def _encode_chat(self, request: Generate) -> list[int]:
        from jinja2.exceptions import TemplateError

        try:
            return self._apply(request, request.messages)
        except (TemplateError, ValueError, TypeError, KeyError) as err:
            reason = str(err)
        merged = _without_system(request.messages)
        if merged != request.messages:
            try:
                return self._apply(request, merged)
            except (TemplateError, ValueError, TypeError, KeyError) as err:
                reason = str(err)
        raise UnsupportedInputError(
            f"The chat template of {self._name} refuses this conversation: {reason}.",
            hint="Many want the user and the assistant in turns, the user first.",
        )

    def _apply(self, request: Generate, messages: Sequence[ChatMessage]) -> list[int]:
        is_continued = messages[-1].role == "assistant"
        body: Json = {
            "messages": [message_json(message) for message in messages],
            "tools": [tool_json(tool) for tool in request.tools] or None,
            "chat_template_kwargs": _switches(request.thinking),
        }
        if self._tools_name == XML_TOOLS:
            body = with_xml_tools(body)
        ids = self._tokenizer.apply_chat_template(
            [_parsed_turn(turn) for turn in body["messages"]],
            tools=body.get("tools"),
            add_generation_prompt=not is_continued,
            continue_final_message=is_continued,
            tokenize=True,
            return_dict=False,
            **body["chat_template_kwargs"],
        )
        return list(ids)


def _switches(thinking: Thinking) -> Json:
    """Return the variables by which templates are told of thoughts; one that knows none ignores them."""
    switches: Json = {}
    if thinking.is_on is not None:
        switches |= {"enable_thinking": thinking.is_on, "thinking": thinking.is_on}
    if thinking.effort:
        switches["reasoning_effort"] = thinking.effort
    return switches


def _parsed_turn(turn: Json) -> Json:
    """Templates want a call's arguments as an object, where OpenAI writes JSON text."""
    for call in turn.get("tool_calls", ()):
        call["function"]["arguments"] = _parsed(call["function"]["arguments"])
    return turn


def _parsed(arguments: str) -> Any:
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        return arguments


def _without_system(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """The system's words at the head of the first user turn, if there are both."""
    said = [message.text for message in messages if message.role == "system"]
    others = [message for message in messages if message.role != "system"]
    if not said or not others or others[0].role != "user":
        return tuple(messages)
    first = replace(others[0], text="\n\n".join([*said, others[0].text]))
    return (first, *others[1:])
