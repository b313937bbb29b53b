"""Messages → Ollama's objects: the lines of a stream, and whole answers. Pure functions but for the clock."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal

from api.core.flows import flow_object
from workers.messages import (
    Event,
    Finished,
    Started,
    TextDelta,
    ThoughtDelta,
    TokenLogprob,
    ToolCallDelta,
)
from workers.messages.folds import calls_of

from .durations import FOREVER_S

Json = dict[str, Any]
Route = Literal["chat", "generate"]
NS = 1_000_000_000


def timestamp(seconds: float) -> str:
    """Return seconds since 1970 as RFC 3339 with nine digits of a second, in UTC."""
    whole, fraction = divmod(int(seconds * NS), NS)
    date = datetime.fromtimestamp(whole, tz=timezone.utc)
    return f"{date:%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"


def never() -> str:
    """Return the moment at which Ollama lets a model go that stays for ever."""
    return timestamp(time.time() + FOREVER_S)


def ns(seconds: float) -> int:
    """Return a duration in nanoseconds."""
    return int(seconds * NS)


@dataclass(slots=True, kw_only=True)
class AnswerWriter:
    """One answer of /api/chat or /api/generate, event by event."""

    route: Route
    model: str
    """As the request names it."""
    started: float = field(default_factory=time.monotonic)
    load_s: float = 0.0
    text: str = ""
    """All that was said so far, thoughts left out."""
    _calls: list[ToolCallDelta] = field(default_factory=list)
    _flow: Json = field(default_factory=dict)
    """What a flow adds: said where it is new, and in the last line."""

    def add(self, event: Event) -> list[Json]:
        """Return the lines that one event adds to a stream; none for most."""
        if isinstance(event, Started):
            self.load_s = event.load_s
        if isinstance(event, ToolCallDelta):
            self._calls.append(event)
        if isinstance(event, ThoughtDelta):
            return [self._line("", thinking=event.text)]
        if isinstance(event, TextDelta):
            self.text += event.text
            return [self._line(event.text, logprobs=event.logprobs)]
        if isinstance(event, Finished):
            calls = self._whole_calls()
            return [*([self._line("", calls=calls)] if calls else []), self._last(event)]
        if said := flow_object(event):
            self._flow = said
            return [{**self._line(""), **said}]
        return []

    def whole(self, events: Iterable[Event]) -> Json:
        """Return the answer as one object: the last line, with all that the others say."""
        thought = ""
        tokens: list[TokenLogprob] = []
        calls: list[Json] = []
        last: Json = {}
        for event in events:
            thought += event.text if isinstance(event, ThoughtDelta) else ""
            tokens += event.logprobs if isinstance(event, TextDelta) else ()
            if isinstance(event, Finished):
                calls = self._whole_calls()
            last = (self.add(event) or [last])[-1]
        said = self._line(self.text, thinking=thought, calls=calls, logprobs=tokens)
        return {**last, **said, "done": True}

    def done(self, reason: Literal["load", "unload"]) -> Json:
        """Return the answer to a body that asks nothing."""
        return {**self._line(""), "done": True, "done_reason": reason}

    def _line(
        self,
        text: str,
        *,
        thinking: str = "",
        calls: Sequence[Json] = (),
        logprobs: Sequence[TokenLogprob] = (),
    ) -> Json:
        beside: Json = {"thinking": thinking} if thinking else {}
        beside |= {"tool_calls": list(calls)} if calls else {}
        said: Json = {"response": text, **beside}
        if self.route == "chat":
            said = {"message": {"role": "assistant", "content": text, **beside}}
        found = {"logprobs": [_logprob(token) for token in logprobs]} if logprobs else {}
        frame = {"model": self.model, "created_at": timestamp(time.time())}
        return {**frame, **said, **found, "done": False}

    def _last(self, end: Finished) -> Json:
        usage = end.usage
        costs = {
            "total_duration": ns(time.monotonic() - self.started),
            "load_duration": ns(self.load_s),
            "prompt_eval_count": usage.prompt_tokens,
            "prompt_eval_duration": ns(usage.prefill_s),
            "eval_count": usage.completion_tokens,
            "eval_duration": ns(usage.decode_s),
        }
        return {
            **self._line(""),
            "done": True,
            "done_reason": "length" if end.reason == "length" else "stop",
            **{name: cost for name, cost in costs.items() if cost},
            **self._flow,
        }

    def _whole_calls(self) -> list[Json]:
        """Return the calls whose arguments are an object: those of a cut answer may be none."""
        calls = []
        for index, call in enumerate(calls_of(self._calls)):
            arguments = _object(call["function"]["arguments"])
            if arguments is not None:
                function = {"index": index, "name": call["function"]["name"]}
                calls.append({"id": call["id"], "function": {**function, "arguments": arguments}})
        return calls


def _object(text: str) -> Json | None:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _logprob(token: TokenLogprob) -> Json:
    top = [_token(text, logprob) for text, logprob in token.top]
    return {**_token(token.token, token.logprob), **({"top_logprobs": top} if top else {})}


def _token(text: str, logprob: float) -> Json:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}
