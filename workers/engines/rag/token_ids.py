"""From texts to the token ids that an embedder reads, cut to what it reads; counts for the splitter.

By the model's own tokenizer, in Python for a WordPiece vocabulary, else asked of the llama.cpp that has the
model: whatever it is, the splitter counts as the engine does. A special token that is spelled out in a text
stays text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from workers.messages.errors import GenerationError

from .engine import readable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_PIECE_CHARS = 1 << 16
"""A longer text is counted piece by piece: a cut may add a token or two, to tens of thousands."""


class TokenIds(Protocol):
    """One model's tokenizer."""

    ends_with_special: bool
    """Whether it closes every text with a token of its own, which has to stay."""

    def of(self, text: str) -> list[int]:
        """Return the ids of a whole text, special tokens included. Raises: GenerationError."""
        ...


class TokenizerIds(TokenIds):
    """A tokenizer in this process."""

    ends_with_special = True

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def of(self, text: str) -> list[int]:
        """See `TokenIds.of`."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids


class ServerIds(TokenIds):
    """The tokenizer of a llama.cpp that has the model."""

    def __init__(self, ask: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """`ask`: its route `/tokenize`."""
        self._ask = ask
        self.ends_with_special = self.of("a")[-1:] == self.of("b")[-1:]

    def of(self, text: str) -> list[int]:
        """See `TokenIds.of`."""
        reply = self._ask({"content": text, "add_special": True, "parse_special": False})
        if "tokens" not in reply:
            message = reply.get("error", {}).get("message", "no reason given")
            raise GenerationError(f"The embedding model could not count tokens: {message}.")
        return [int(token) for token in reply["tokens"]]


def cut_ids(tokens: TokenIds, text: str, most: int) -> list[int]:
    """Return a text's ids, at most so many, the closing special token kept."""
    ids = tokens.of(readable(text, most))
    if len(ids) <= most:
        return ids
    return [*ids[: most - 1], ids[-1]] if tokens.ends_with_special else ids[:most]


def count(tokens: TokenIds, text: str) -> int:
    """Return how many tokens a whole text has, special ones included."""
    starts = range(0, max(1, len(text)), _PIECE_CHARS)
    return sum(len(tokens.of(text[start : start + _PIECE_CHARS])) for start in starts)
