"""What a text engine is: the contract of all engines, and `generate`.

To add one: write a file in this folder with a class that fulfils `TextEngine`, and its record in
`specs.py`. Checking requests, tools, templates, events and usage are shared: see `worker.py`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from workers.engines.common.pictures.budget import PictureCost
from workers.engines.contract import CancelToken, Engine
from workers.messages import Complete, Describe, Generate, TokenLogprob, Usage
from workers.messages.errors import UnsupportedInputError

if TYPE_CHECKING:
    from workers.engines.common.pictures.images import Picture


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureTaken:
    """What became of one picture, before the first piece of the answer."""

    cost: PictureCost
    max_tokens: int
    """What one picture may cost."""


Piece = Thought | Delta | CallDelta | PromptProgress | PictureTaken | Completion


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
    `sees`: `describe` answers about pictures; then also `answers`, which all models that see say.
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

    def describe(
        self, request: Describe, pictures: Iterator[Picture], cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """Answer about pictures, for a model that `sees`; all else as `generate`.

        `pictures` decodes one picture per step and is consumed once, in order.
        """
        raise UnsupportedInputError("The model that is loaded cannot look at pictures.")
