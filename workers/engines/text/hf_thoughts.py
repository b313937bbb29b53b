"""Thoughts of a transformers model while it writes: not bound by a constraint, no longer than was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from workers.engines.common.torch.sampling import TokenMask

from .thoughts import Tags

NUM_TAIL = 16
"""Tokens in which a tag is looked for; those of the families have up to eight."""


class ThoughtMask:
    """What may come next while a model thinks, then what its answer may be.

    See `workers.engines.common.torch.sampling.TokenMask`. A thought of `max_tokens` is ended by the tag
    that ends it, forced token by token. `answer` holds from there on; where the prompt has not opened a
    thought, from the first token: then a constraint leaves no room for one.
    """

    def __init__(
        self,
        tokenizer: Any,
        tags: Tags,
        answer: TokenMask | None,
        *,
        is_open: bool,
        max_tokens: int | None,
    ) -> None:
        self._tokenizer = tokenizer
        self._tags = tags
        self._answer = answer
        self._max_tokens = max_tokens
        self._end: Sequence[int] = tokenizer.encode(tags.end, add_special_tokens=False)
        self._is_thinking = is_open or answer is None
        self._is_open = is_open
        self._written: list[int] = []
        self._num_forced = 0
        self._torch: Any = import_module("torch")

    def allowed(self, num_logits: int) -> Any:
        """See `TokenMask`."""
        if self._is_thinking and self._is_over:
            only = self._torch.zeros(num_logits, dtype=self._torch.bool)
            only[self._end[self._num_forced]] = True
            return only
        if self._is_thinking or self._answer is None:
            return self._torch.ones(num_logits, dtype=self._torch.bool)
        return self._answer.allowed(num_logits)

    def accept(self, token_id: int) -> None:
        """See `TokenMask`."""
        if not self._is_thinking:
            if self._answer is not None:
                self._answer.accept(token_id)
            return
        self._num_forced += self._is_over
        self._written.append(token_id)
        tail = str(self._tokenizer.decode(self._written[-NUM_TAIL:]))
        if not self._is_open:  # is it a thought at all?
            begun = tail.lstrip()
            self._is_open = begun.startswith(self._tags.start)
            self._is_thinking = self._is_open or self._tags.start.startswith(begun)
        elif self._tags.end in tail or self._num_forced == len(self._end):
            # A tokenizer may not give back the very tag that it was asked to encode.
            self._is_thinking = False

    @property
    def num_end_tokens(self) -> int:
        """How many tokens the tag that ends a thought has."""
        return len(self._end)

    @property
    def _is_over(self) -> bool:
        if not self._is_open or self._max_tokens is None:
            return False
        return self._num_forced > 0 or len(self._written) >= self._max_tokens
