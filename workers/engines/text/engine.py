"""What a text engine is: the contract of all engines, and `generate`.

To add one: write a file in this folder with a class that fulfils `TextEngine`, and its record in
`specs.py`. Checking requests, tools, templates, events and usage are shared: see `worker.py`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal, Protocol

from workers.engines.contract import CancelToken, Engine
from workers.messages import Complete, Generate, TokenLogprob, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """The next piece of the completion, whole characters only."""

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()
    """The tokens it is made of, if they were asked for."""
    num_tokens: int = 1
    """About as many were written for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """The next piece of what the model thinks, whole characters only."""

    text: str
    num_tokens: int = 1
    """About as many were written for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDelta:
    """A piece of a tool call; see `messages.ToolCallDelta`."""

    index: int
    call_id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptProgress:
    """How much of a long prompt has been read."""

    done_tokens: int
    total_tokens: int
    """Tokens to read, without those that were already in the KV cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The end of an answer that was not cancelled."""

    reason: Literal["stop", "length", "tool_calls"]
    usage: Usage


Piece = Thought | Delta | CallDelta | PromptProgress | Completion


class TextEngine(Engine, Protocol):
    """One language model in memory.

    Its `context_length` are the tokens that one conversation may hold, prompt and completion
    together. Its `capabilities`, of these:

    `continues`: a conversation that ends with the assistant's turn is continued, not answered.
    `reuses_prefix`: what a conversation shares with an earlier one is not read again.
    `thinks`: the model's template knows of thoughts.
    `splits_thoughts`: the engine itself tells thoughts from the answer, as Thoughts.
    `shows_tools`: the model's chat template tells it about the tools of a request.
    `calls_tools`: the engine itself enforces `tool_choice` and separates calls from text.
    """

    def generate(
        self, request: Generate | Complete, cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """Continue a conversation or a text; called from several threads, up to its slots.

        Returns early, without a Completion, once `cancel` is set or the generator is closed; when
        it has returned the engine works on this conversation no more. Raises: ContextTooLongError
        before the first Delta; UnsupportedInputError for a constraint that it cannot enforce;
        GenerationError.
        """
        ...
