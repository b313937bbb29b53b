"""One answer of a Quintet that runs elsewhere, asked for over its chat route.

`quintet ask --url` needs no worker that passes on what another server says, and no library: those take
1.2 s of processor time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from workers.messages import Usage

from .options import SamplingFlags, Where
from .remote_connection import RemoteConnection

TIMEOUT_HEADER = "X-Request-Timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteResult:
    """The whole answer."""

    text: str
    usage: Usage
    finish_reason: str
    flow: Mapping[str, Any] = field(default_factory=dict)
    """What a flow has done; empty where none was asked for."""


class RemoteReply:
    """The pieces of an answer as they come; leaving it stops the work there."""

    def __init__(
        self,
        where: Where,
        question: str,
        sampling: SamplingFlags,
        schema: Mapping[str, Any] | None,
        flow: Mapping[str, Any],
    ) -> None:
        """`flow`: the `quintet` object of the body, if it is not empty. Raises: ConfigError for what is no address."""
        self._server = RemoteConnection(where.url, where.key)
        given = sampling.given()
        timeout_s = given.pop("timeout_s", None)
        headers = {} if timeout_s is None else {TIMEOUT_HEADER: str(timeout_s)}
        body = _body(question, sampling, schema) | given
        if flow:
            body["quintet"] = dict(flow)
        self._chunks = self._server.stream("/v1/chat/completions", body, headers)
        self._text: list[str] = []
        self._counts: dict[str, Any] = {}
        self._flow: dict[str, Any] = {}
        self._reason = ""
        self._began = time.monotonic()
        self._first: float | None = None

    def __enter__(self) -> RemoteReply:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None
    ) -> None:
        self._chunks.close()

    def __iter__(self) -> Iterator[str]:
        """Yield the pieces. Raises: RequestError, RemoteError."""
        for chunk in self._chunks:
            self._counts = chunk.get("usage") or self._counts
            report = chunk.get("quintet") or {}
            self._flow = report if "flow" in report else self._flow
            for choice in chunk.get("choices") or ():
                self._reason = choice.get("finish_reason") or self._reason
                if piece := (choice.get("delta") or {}).get("content"):
                    self._first = self._first or time.monotonic()
                    self._text.append(piece)
                    yield piece
        if not self._reason:
            raise self._server.broke_off()

    def result(self) -> RemoteResult:
        """Return the whole answer; waits for it. Raises: RequestError, RemoteError."""
        for _ in self:
            pass
        return RemoteResult(
            text="".join(self._text),
            usage=self._usage(),
            finish_reason=self._reason,
            flow=self._flow,
        )

    def _usage(self) -> Usage:
        now = time.monotonic()
        first = self._first or now
        details = self._counts.get("prompt_tokens_details") or {}
        return Usage(
            prompt_tokens=self._counts.get("prompt_tokens") or 0,
            cached_tokens=details.get("cached_tokens") or 0,
            completion_tokens=self._counts.get("completion_tokens") or 0,
            prefill_s=first - self._began,
            decode_s=now - first,
        )


def _body(
    question: str, sampling: SamplingFlags, schema: Mapping[str, Any] | None
) -> dict[str, Any]:
    turns = [{"role": "system", "content": sampling.system}] if sampling.system else []
    body: dict[str, Any] = {
        "messages": [*turns, {"role": "user", "content": question}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if sampling.model:
        body["model"] = sampling.model
    if schema is not None:
        named = {"name": "answer", "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    return body
