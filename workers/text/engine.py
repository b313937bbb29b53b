"""What a text engine is: three attributes and two methods around one library.

To add an engine (transformers, vLLM, a remote server): write one file in this folder with a class
that fulfils `TextEngine` and a `TextWorker` subclass that builds it, and name it in
`workers.registry`. Checking requests, events and usage are shared: see `worker.py`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from workers.messages import ChatMessage, SamplingParams, Usage
from workers.worker import CancelToken


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """The next piece of the completion, whole characters only."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptProgress:
    """How much of a long prompt has been read."""

    done_tokens: int
    total_tokens: int
    """Tokens to read, without those that were already in the KV cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The end of an answer that was not cancelled."""

    reason: Literal["stop", "length"]
    usage: Usage


Piece = Delta | PromptProgress | Completion


class TextEngine(Protocol):
    """One language model in memory."""

    context_length: int
    """Tokens that one conversation may hold, prompt and completion together."""
    device: str
    """"cpu" or "cuda:0"."""
    capabilities: frozenset[str]
    """`continues`: a conversation that ends with the assistant's turn is continued, not answered.
    `reuses_prefix`: what a conversation shares with an earlier one is not read again.
    """

    def generate(
        self, messages: Sequence[ChatMessage], sampling: SamplingParams, cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """Continue a conversation; called from several threads, up to the slots it was built for.

        Returns early, without a Completion, once `cancel` is set or the generator is closed; when
        it has returned the engine works on this conversation no more. Raises: ContextTooLongError
        before the first Delta; GenerationError.
        """
        ...

    def close(self) -> None:
        """Free the memory."""
        ...
