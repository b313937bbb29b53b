"""Language models of another server, through OpenAI's chat and completion routes.

OpenAI itself, vLLM, Ollama, LocalAI, llama.cpp's server, another Quintet: whoever speaks that API.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from workers.engines.common.remote.chat import (
    RemoteAnswer,
    chunks_of,
    sampling_json,
    takes_extensions,
)
from workers.engines.common.remote.connection import (
    RemoteOptions,
    RemoteServer,
    access_to,
    connect,
    options_of,
)
from workers.engines.contract import CancelToken
from workers.messages import (
    Complete,
    Constraint,
    Generate,
    SamplingParams,
    Thinking,
)
from workers.messages.errors import UnsupportedInputError
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .engine import Completion, Piece, TextEngine
from .openai_json import Json, message_json, pieces_of_choice, tool_json
from .schemas import read_schema

DEFAULT_CONTEXT_TOKENS = 8192
"""Where the card does not say: what even small servers hold."""


class RemoteTextEngine(TextEngine):
    """One language model of another server."""

    capabilities = frozenset({"calls_tools"})

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`. Nothing is sent yet."""
        self.options = options_of(settings.card, RemoteOptions)
        access = access_to(settings.card, self.options)
        self._server = access.server
        self._client = connect(access, self.options)
        self._remote = RemoteServer(access, self._client)
        self.device, self.slots = access.server.host, self.options.slots
        self.context_length = settings.card.context_length or DEFAULT_CONTEXT_TOKENS

    def generate(
        self, request: Generate | Complete, cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """See `TextEngine`."""
        body = self._body(request)
        route: Any = self._client.chat.completions
        if isinstance(request, Complete):
            route = self._client.completions
        answer = RemoteAnswer(self._server)
        with closing(
            self._remote.stream(lambda: chunks_of(route.create(**body)), cancel)
        ) as chunks:
            for choice in answer.choices(chunks):
                yield from pieces_of_choice(_as_chat(choice))
        if not cancel.is_cancelled:
            reason, usage = answer.end()
            yield Completion(reason=reason, usage=usage)

    def close(self) -> None:
        """See `TextEngine`."""
        self._remote.close()

    def _body(self, request: Generate | Complete) -> Json:
        body = sampling_json(request.sampling, self.options, self._server)
        body |= {"model": self._server.model, "stream": True}
        body["stream_options"] = {"include_usage": True}
        self._constrain(body, request.constraint)
        if isinstance(request, Complete):
            return {**_as_legacy(body, request.sampling), "prompt": request.prompt}
        body["messages"] = [_turn(message_json(message)) for message in request.messages]
        if request.sampling.num_logprobs is not None:
            body |= {"logprobs": True, "top_logprobs": request.sampling.num_logprobs}
        if takes_extensions(self.options, self._server):
            body["extra_body"] = {**body["extra_body"], **_thinking(request.thinking)}
        elif request.thinking.effort:
            body["reasoning_effort"] = request.thinking.effort
        if request.tools:
            body["tools"] = [tool_json(tool) for tool in request.tools]
            body["tool_choice"] = _choice(request.tool_choice)
        return body

    def _constrain(self, body: Json, constraint: Constraint | None) -> None:
        if constraint is None:
            return
        if constraint.kind != "grammar":
            body["response_format"] = _format(constraint)
        elif takes_extensions(self.options, self._server):
            body["extra_body"] = {**body["extra_body"], "grammar": constraint.text}
        else:
            raise UnsupportedInputError(
                f"{self._server.host} cannot follow a grammar.", "Use a JSON schema instead."
            )


def _thinking(thinking: Thinking) -> Json:
    """Return it in the words that llama.cpp, vLLM and Quintet itself take."""
    body: Json = {}
    if thinking.is_on is not None:
        switch = {"enable_thinking": thinking.is_on, "thinking": thinking.is_on}
        body["chat_template_kwargs"] = switch
    if thinking.effort:
        body["reasoning_effort"] = thinking.effort
    if thinking.max_tokens is not None:
        body["thinking_budget_tokens"] = thinking.max_tokens
        body["thinking_token_budget"] = thinking.max_tokens  # vLLM's name of it
    return body


def _format(constraint: Constraint) -> Json:
    if constraint.kind == "json":
        return {"type": "json_object"}
    schema = read_schema(constraint.text, "The JSON schema")
    # OpenAI enforces only schemas that close every object, and refuses to enforce others.
    is_closed = schema.get("additionalProperties") is False
    wanted = {"name": "answer", "schema": schema, "strict": is_closed}
    return {"type": "json_schema", "json_schema": wanted}


def _choice(tool_choice: str) -> Json | str:
    if tool_choice in ("auto", "none", "required"):
        return tool_choice
    return {"type": "function", "function": {"name": tool_choice}}


def _turn(message: Json) -> Json:
    """A turn that only calls tools has no content, rather than an empty one."""
    return (
        message
        if message["content"] or "tool_calls" not in message
        else {**message, "content": None}
    )


def _as_legacy(body: Json, sampling: SamplingParams) -> Json:
    """The completion route's own names."""
    renamed = dict(body)
    if "max_completion_tokens" in renamed:
        renamed["max_tokens"] = renamed.pop("max_completion_tokens")
    if sampling.num_logprobs is not None:
        renamed["logprobs"] = sampling.num_logprobs
    if "response_format" in renamed:
        extra = {**renamed.get("extra_body", {}), "response_format": renamed.pop("response_format")}
        renamed["extra_body"] = extra
    return renamed


def _as_chat(choice: Json) -> Json:
    """The completion route writes logprobs as parallel lists; the chat route as a list of tokens."""
    found = choice.get("logprobs") or {}
    if not found.get("tokens"):
        return choice
    tops = found.get("top_logprobs") or [{}] * len(found["tokens"])
    rows = zip(found["tokens"], found["token_logprobs"], tops, strict=True)
    content = [
        {
            "token": token,
            "logprob": logprob or 0.0,
            "top_logprobs": [{"token": t, "logprob": p} for t, p in (top or {}).items()],
        }
        for token, logprob, top in rows
    ]
    return {**choice, "logprobs": {"content": content}}
