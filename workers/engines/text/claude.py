"""Claude, through Anthropic's Messages API. Only this file knows the package anthropic.

What differs from OpenAI's: the system prompt stands apart, `max_tokens` must be said, tool results
are turns of the user, and current models refuse `temperature` and its like: those are sent only if
the card says `extensions: true`, or to another server that speaks this API.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.common.remote.chat import chunks_of, takes_extensions
from workers.engines.common.remote.connection import (
    CONNECT_TIMEOUT_S,
    RemoteAccess,
    RemoteOptions,
    RemoteServer,
    access_to,
    options_of,
)
from workers.engines.common.remote.errors import broke_off, foreign
from workers.engines.contract import CancelToken
from workers.messages import ChatMessage, Complete, Constraint, Generate, Tool, Usage
from workers.messages.errors import UnsupportedInputError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.specs.spec import missing_library

from .engine import CallDelta, Completion, Delta, Piece, TextEngine
from .openai_json import Json
from .schemas import read_schema

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

DEFAULT_CONTEXT_TOKENS = 200_000
CUT_SHORT = ("max_tokens", "model_context_window_exceeded")


class ClaudeOptions(RemoteOptions):
    """Options of a card for Claude."""

    api_key_env: str = "ANTHROPIC_API_KEY"
    max_tokens: int = 8192
    """Longest answer where the request does not say: this API has no default."""


class ClaudeEngine(TextEngine):
    """One Claude model."""

    capabilities = frozenset({"calls_tools"})

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`. Nothing is sent yet."""
        self.options = options_of(settings.card, ClaudeOptions)
        access = access_to(settings.card, self.options)
        self._server = access.server
        self._client = _connect(access, self.options)
        self._remote = RemoteServer(access, self._client)
        self.device, self.slots = access.server.host, self.options.slots
        self.context_length = settings.card.context_length or DEFAULT_CONTEXT_TOKENS

    def generate(
        self, request: Generate | Complete, cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """See `TextEngine`."""
        if isinstance(request, Complete):
            raise UnsupportedInputError(
                "Claude answers conversations; it cannot continue a raw text.", "Use the chat."
            )
        body = self._body(request)
        create: Any = self._client.messages.create
        with closing(self._remote.stream(lambda: chunks_of(create(**body)), cancel)) as events:
            yield from self._pieces(events, cancel)

    def close(self) -> None:
        """See `TextEngine`."""
        self._remote.close()

    def _body(self, request: Generate) -> Json:
        sampling = request.sampling
        body: Json = {"model": self._server.model, "stream": True}
        body["max_tokens"] = sampling.max_tokens or self.options.max_tokens
        body["messages"] = list(_turns(request.messages))
        if system := [m.text for m in request.messages if m.role == "system"]:
            body["system"] = "\n\n".join(system)
        if sampling.stop:
            body["stop_sequences"] = list(sampling.stop)
        if request.constraint is not None:
            body["output_config"] = {"format": _format(request.constraint)}
        if request.tools:
            body["tools"] = [_tool(tool) for tool in request.tools]
            body["tool_choice"] = _choice(request.tool_choice)
        if takes_extensions(self.options, self._server):
            names = ("temperature", "top_p", "top_k")
            extra = {name: getattr(sampling, name) for name in names}
            extra["temperature"] = min(1.0, extra["temperature"])  # this API's highest
            body["extra_body"] = {n: v for n, v in extra.items() if n not in self.options.omit}
        return body

    def _pieces(self, events: Iterable[Json], cancel: CancelToken) -> Iterator[Piece]:
        began = first = time.monotonic()
        counts: Json = {}
        reason, calls = None, _Calls()
        for event in events:
            kind = event.get("type")
            if kind == "message_start":
                counts |= event["message"].get("usage") or {}
                first = time.monotonic()
            elif kind == "message_delta":
                counts |= {n: v for n, v in (event.get("usage") or {}).items() if v is not None}
                reason = event["delta"].get("stop_reason") or reason
            else:
                yield from calls.pieces(event)
        if cancel.is_cancelled:
            return
        if reason is None:
            raise broke_off(self._server) if counts else foreign(self._server)
        usage = _usage(counts, first - began, time.monotonic() - first)
        if reason == "tool_use":
            yield Completion(reason="tool_calls", usage=usage)
        else:
            yield Completion(reason="length" if reason in CUT_SHORT else "stop", usage=usage)


class _Calls:
    """Content blocks → pieces; the API numbers texts and calls together, we number calls alone."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}

    def pieces(self, event: Json) -> Iterator[Piece]:
        block = event.get("content_block") or {}
        if event.get("type") == "content_block_start" and block.get("type") == "tool_use":
            number = self._numbers.setdefault(event["index"], len(self._numbers))
            yield CallDelta(index=number, call_id=block["id"], name=block["name"])
        delta = event.get("delta") or {}
        if delta.get("type") == "text_delta":
            yield Delta(text=delta["text"])
        elif delta.get("type") == "input_json_delta" and event["index"] in self._numbers:
            yield CallDelta(index=self._numbers[event["index"]], arguments=delta["partial_json"])


def _connect(access: RemoteAccess, options: ClaudeOptions) -> AsyncAnthropic:
    try:
        import anthropic
    except ImportError as err:
        raise missing_library("text", "claude", err) from err
    return anthropic.AsyncAnthropic(
        base_url=access.server.url.removesuffix("/v1"),  # the client adds it
        # Never None: the client would look for keys of its own, in the environment and on disk.
        api_key=access.key.get_secret_value() if access.key else "none",
        timeout=anthropic.Timeout(
            options.timeout_s, connect=min(options.timeout_s, CONNECT_TIMEOUT_S)
        ),
        max_retries=options.max_retries,
    )


def _turns(messages: tuple[ChatMessage, ...]) -> Iterator[Json]:
    for message in messages:
        if message.role == "tool":
            result = {"type": "tool_result", "tool_use_id": message.tool_call_id}
            yield {"role": "user", "content": [{**result, "content": message.text}]}
        elif message.role != "system":
            yield {"role": message.role, "content": _blocks(message)}


def _blocks(message: ChatMessage) -> list[Json] | str:
    if not message.tool_calls:
        return message.text
    spoken: list[Json] = [{"type": "text", "text": message.text}] if message.text.strip() else []
    return spoken + [
        {
            "type": "tool_use",
            "id": call.call_id,
            "name": call.name,
            "input": json.loads(call.arguments or "{}"),
        }
        for call in message.tool_calls
    ]


def _tool(tool: Tool) -> Json:
    schema = {"type": "object", **json.loads(tool.parameters)}
    return {"name": tool.name, "description": tool.description, "input_schema": schema}


def _choice(tool_choice: str) -> Json:
    if tool_choice in ("auto", "none"):
        return {"type": tool_choice}
    return {"type": "any"} if tool_choice == "required" else {"type": "tool", "name": tool_choice}


def _format(constraint: Constraint) -> Json:
    if constraint.kind != "schema":
        raise UnsupportedInputError(
            f"Claude cannot be held to {'a grammar' if constraint.kind == 'grammar' else 'any JSON'}.",
            "Give a JSON schema instead.",
        )
    return {"type": "json_schema", "schema": read_schema(constraint.text, "The JSON schema")}


def _usage(counts: Json, prefill_s: float, decode_s: float) -> Usage:
    """Anthropic counts what came from its cache apart; our prompt tokens contain it."""
    cached = counts.get("cache_read_input_tokens") or 0
    written = counts.get("cache_creation_input_tokens") or 0
    return Usage(
        prompt_tokens=(counts.get("input_tokens") or 0) + cached + written,
        cached_tokens=cached,
        completion_tokens=counts.get("output_tokens") or 0,
        prefill_s=prefill_s,
        decode_s=decode_s,
    )
