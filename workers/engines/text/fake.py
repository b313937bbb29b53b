"""A language model that says the last message back, word by word: see `workers.engines.common.fake`.

It is held to a schema or a tool by giving the smallest value that fits; `!call` calls the first tool,
`!call NAME {"…": …}` one with arguments. What a tool answers it says back, too.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Literal

from workers.engines.common.fake import Fake, rest
from workers.engines.contract import CancelToken
from workers.messages import Complete, Constraint, Generate, SamplingParams, TokenLogprob, Usage
from workers.messages.errors import ContextTooLongError, UnsupportedInputError
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .engine import CallDelta, Completion, Delta, Piece, TextEngine, Thought
from .schemas import read_schema
from .smallest import smallest

DEFAULT_CONTEXT_TOKENS = 4096
THINK = "!think "
WORD = re.compile(r"\s*\S+\s*")


class FakeTextEngine(TextEngine):
    """See `TextEngine`. A token is a word."""

    capabilities = frozenset({"calls_tools", "thinks", "splits_thoughts"})

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        self._fake, self.slots = Fake(settings, report), settings.slots
        self.context_length = settings.card.context_length or DEFAULT_CONTEXT_TOKENS

    def generate(
        self, request: Generate | Complete, cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """See `TextEngine`."""
        num_prompt = len(_prompt(request).split())
        if num_prompt > self.context_length:
            raise ContextTooLongError(
                f"The conversation is {num_prompt:,} words long, the fake holds "
                f"{self.context_length:,}.",
                "Shorten the message, or start a new chat.",
            )
        asked = _last(request)
        text = self._fake.obey(asked)
        called = _called(request, text)
        if called:
            yield CallDelta(index=0, call_id="call_0", name=called[0], arguments=called[1])
            usage = Usage(prompt_tokens=num_prompt, completion_tokens=1)
            yield Completion(reason="tool_calls", usage=usage)
            return
        started = time.monotonic()
        thought = _thought(request, text)
        for word in thought:
            rest(self._fake.pace(asked), cancel)
            if cancel.is_cancelled:
                return
            yield Thought(text=word)
        text = text.removeprefix(THINK)
        answer, reason = _cut(_held_to(request.constraint, text), request.sampling)
        for word in answer:
            rest(self._fake.pace(asked), cancel)
            if cancel.is_cancelled:
                return
            yield Delta(text=word, logprobs=_logprobs(word, request.sampling.num_logprobs))
        usage = Usage(
            prompt_tokens=num_prompt,
            completion_tokens=len(thought) + len(answer),
            decode_s=time.monotonic() - started,
        )
        yield Completion(reason=reason, usage=usage)

    def close(self) -> None:
        """See `Engine.close`."""
        del self._fake


def _prompt(request: Generate | Complete) -> str:
    if isinstance(request, Complete):
        return request.prompt
    return " ".join(message.text for message in request.messages)


def _last(request: Generate | Complete) -> str:
    return request.prompt if isinstance(request, Complete) else request.messages[-1].text


def _thought(request: Generate | Complete, text: str) -> list[str]:
    """Return what is thought, word by word: all that is said, unless thoughts are off or bounded."""
    if isinstance(request, Complete) or request.thinking.is_on is False:
        return []
    if not text.startswith(THINK) and not request.thinking.is_on:
        return []
    words = list(_words(text.removeprefix(THINK)))
    return words[: request.thinking.max_tokens] if request.thinking.max_tokens else words


def _called(request: Generate | Complete, text: str) -> tuple[str, str] | None:
    """Return the tool that is called and its arguments, if one must be or is asked for."""
    if isinstance(request, Complete) or not request.tools or request.tool_choice == "none":
        return None
    order, _, wanted = text.partition(" ")
    if order != "!call" and request.tool_choice == "auto":
        return None
    name, _, arguments = wanted.partition(" ") if order == "!call" else ("", "", "")
    if name and request.tool_choice == "auto":
        return name, arguments or "{}"
    named = [tool for tool in request.tools if tool.name == request.tool_choice]
    tool = (named or list(request.tools))[0]
    return tool.name, json.dumps(smallest(json.loads(tool.parameters)))


def _held_to(constraint: Constraint | None, text: str) -> str:
    if constraint is None:
        return text
    if constraint.kind == "grammar":
        raise UnsupportedInputError("The fake follows no grammar.", "Use a JSON schema.")
    value: Any = {"text": text}
    if constraint.kind == "schema":
        value = smallest(read_schema(constraint.text, "The JSON schema"))
    return json.dumps(value, ensure_ascii=False)


def _cut(text: str, sampling: SamplingParams) -> tuple[list[str], Literal["stop", "length"]]:
    """Return the words up to the first stop sequence, at most `max_tokens`."""
    ends = [text.find(stop) for stop in sampling.stop if stop and stop in text]
    words = list(_words(text[: min(ends)] if ends else text))
    limit = len(words) if sampling.max_tokens is None else sampling.max_tokens
    return words[:limit], "length" if limit < len(words) else "stop"


def _words(text: str) -> Iterator[str]:
    """Yield the words, each with the white space around it: together they are the text."""
    yield from WORD.findall(text)


def _logprobs(word: str, num_top: int | None) -> tuple[TokenLogprob, ...]:
    if num_top is None:
        return ()
    return (TokenLogprob(token=word, logprob=0.0, top=((word, 0.0),)[:num_top]),)
