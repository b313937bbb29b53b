"""OpenAI's chat and completion routes on another server, for every modality that answers in words."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from dataclasses import fields
from typing import Any, Literal

from workers.messages import SamplingParams, Usage

from .connection import RemoteOptions
from .errors import RemoteAddress, broke_off, foreign

Json = dict[str, Any]

MAKERS = ("api.openai.com", "api.anthropic.com")
"""Servers that refuse parameters which they do not know."""

_PLAIN = ("temperature", "top_p")
_IF_CHANGED = ("frequency_penalty", "presence_penalty")
_EXTENSIONS = (
    "top_k min_p repeat_penalty typical_p mirostat mirostat_tau mirostat_eta ignore_eos"
).split()
_REASONS: dict[str, Literal["length", "tool_calls"]] = {
    "length": "length",
    "tool_calls": "tool_calls",
}
_DEFAULTS = {field.name: field.default for field in fields(SamplingParams)}


def takes_extensions(options: RemoteOptions, server: RemoteAddress) -> bool:
    """Whether parameters beside the API's own may be sent."""
    return server.host not in MAKERS if options.extensions is None else options.extensions


def sampling_json(sampling: SamplingParams, options: RemoteOptions, server: RemoteAddress) -> Json:
    """Return the sampling as arguments of `create`, without what the model refuses.

    A value that is our default is not sent where the server has a default of its own.
    """
    extended = takes_extensions(options, server)
    body: Json = {name: getattr(sampling, name) for name in _PLAIN}
    body |= _changed(sampling, _IF_CHANGED)
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.max_tokens is not None:
        body["max_tokens" if extended else "max_completion_tokens"] = sampling.max_tokens
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if sampling.logit_bias:
        body["logit_bias"] = {str(token_id): bias for token_id, bias in sampling.logit_bias}
    if extended:
        body["extra_body"] = _extensions(sampling, options)
    return {name: value for name, value in body.items() if name not in options.omit}


def _extensions(sampling: SamplingParams, options: RemoteOptions) -> Json:
    body = _changed(sampling, _EXTENSIONS)
    if "repeat_penalty" in body:
        body["repetition_penalty"] = body["repeat_penalty"]  # vLLM's name for it
    return {name: value for name, value in body.items() if name not in options.omit}


def _changed(sampling: SamplingParams, names: tuple[str, ...] | list[str]) -> Json:
    values = {name: getattr(sampling, name) for name in names}
    return {name: value for name, value in values.items() if value != _DEFAULTS[name]}


async def chunks_of(creating: Coroutine[Any, Any, Any]) -> AsyncIterator[Json]:
    """Yield the chunks of a stream that is being opened; closing this closes the connection."""
    async with await creating as stream:
        async for chunk in stream:
            yield chunk.model_dump()


class RemoteAnswer:
    """What the chunks of one answer add up to."""

    def __init__(self, server: RemoteAddress) -> None:
        self._server = server
        self._began = time.monotonic()
        self._first: float | None = None
        self._is_empty = True
        self._counts: Json = {}
        self._reason = ""

    def choices(self, chunks: Iterable[Json]) -> Iterator[Json]:
        """Yield the choices of the chunks, and note all else that they say."""
        for chunk in chunks:
            self._is_empty = False
            self._counts = chunk.get("usage") or self._counts
            for choice in chunk.get("choices") or []:
                self._first = self._first or time.monotonic()
                self._reason = choice.get("finish_reason") or self._reason
                yield choice

    def end(self) -> tuple[Literal["stop", "length", "tool_calls"], Usage]:
        """Return why it ended and what it cost; counts that the server does not give are 0.

        Raises: RemoteError if it did not end, or never began.
        """
        if self._is_empty:
            raise foreign(self._server)
        if not self._reason:
            raise broke_off(self._server)
        now = time.monotonic()
        first = self._first or now
        details = self._counts.get("prompt_tokens_details") or {}
        usage = Usage(
            prompt_tokens=self._counts.get("prompt_tokens") or 0,
            cached_tokens=details.get("cached_tokens") or 0,
            completion_tokens=self._counts.get("completion_tokens") or 0,
            prefill_s=first - self._began,
            decode_s=now - first,
        )
        return _REASONS.get(self._reason, "stop"), usage
