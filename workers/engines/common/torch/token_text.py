"""From token ids to pieces of text: whole characters, no special tokens, nothing of a stop sequence."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from workers.messages import TokenLogprob


class TokenText:
    """The text of one completion as its tokens come.

    A token that ends within a character waits for the next; text that may be the beginning of a stop
    sequence waits until it is clear whether it is.
    """

    def __init__(self, tokenizer: Any, stop: Sequence[str] = (), after: Sequence[int] = ()) -> None:
        """`tokenizer`: of the library tokenizers. `after`: ids whose text the completion continues."""
        from tokenizers.decoders import DecodeStream

        self.is_stopped = False
        """A stop sequence was found: what is still to come does not belong to the answer."""
        self._tokenizer = tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)
        for token_id in after:
            self._stream.step(tokenizer, token_id)
        self._stops = [text for text in stop if text]
        self._held = ""
        self._num_given = 0
        self._logprobs: deque[tuple[int, TokenLogprob]] = deque()

    def add(self, token_id: int, logprob: TokenLogprob | None = None) -> str:
        """Return the text that is certain by now, maybe none."""
        if logprob is not None:
            self._logprobs.append((self._num_given + len(self._held), logprob))
        self._held += self._stream.step(self._tokenizer, token_id) or ""
        ends = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if ends:
            self.is_stopped = True
            return self._give(min(ends))
        return self._give(len(self._held) - self._num_doubtful())

    def rest(self) -> str:
        """Return what was held back, at the end of an answer that no stop sequence ended."""
        return self._give(len(self._held))

    def logprobs(self) -> tuple[TokenLogprob, ...]:
        """Return those of the tokens whose text was given since the last call."""
        found = []
        while self._logprobs and self._logprobs[0][0] < self._num_given:
            found.append(self._logprobs.popleft()[1])
        return tuple(found)

    def _give(self, num_chars: int) -> str:
        text, self._held = self._held[:num_chars], self._held[num_chars:]
        self._num_given += num_chars
        return text

    def _num_doubtful(self) -> int:
        """Characters at the end that a stop sequence may begin with."""
        longest = max((len(stop) - 1 for stop in self._stops), default=0)
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-length:]) for stop in self._stops):
                return length
        return 0
