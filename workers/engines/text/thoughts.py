"""Thoughts told from the answer by the tags of a model's chat template, for engines that do not do it.

A model that thinks opens its completion with a tag, or its template has opened it already; what comes
before the closing tag is thought, the rest is the answer. A tag further on is text: somebody may have asked
about it.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace

from workers.messages import Usage

from .engine import Completion, Delta, Piece, Thought


@dataclass(frozen=True, slots=True)
class Tags:
    """How a family marks its thoughts."""

    start: str
    end: str
    is_end_common: bool = False
    """Whether models that do not think end their turns with it too."""


FAMILIES = (
    Tags("<think>", "</think>"),  # Qwen3, DeepSeek R1, SmolLM3, GLM, Granite 4
    Tags("[THINK]", "[/THINK]"),  # Magistral
    Tags("<|channel|>analysis<|message|>", "<|end|>", is_end_common=True),  # gpt-oss; Phi 3 and 4
    Tags("<seed:think>", "</seed:think>"),  # Seed-OSS
    Tags("<|channel>thought\n", "<channel|>"),  # Gemma 4
    Tags("◁think▷", "◁/think▷"),  # Kimi
    Tags("<reasoning>", "</reasoning>"),
    Tags("<thought>", "</thought>"),
)
"""Source: the chat templates that the publishers ship, and llama.cpp's common/chat.cpp."""


def tags_of(template: str) -> Tags | None:
    """Return the tags that a chat template knows; None for a model that does not think.

    Some templates know the end alone: DeepSeek R1's cuts earlier thoughts off there.
    """
    return next(
        (
            tags
            for tags in FAMILIES
            if tags.end in template and (tags.start in template or not tags.is_end_common)
        ),
        None,
    )


def split_thoughts(
    pieces: Generator[Piece, None, None], tags: Tags, *, is_open: bool
) -> Generator[Piece, None, None]:
    """Yield the pieces with the thoughts among them as Thoughts.

    `is_open`: the prompt ends within a thought. Nothing is lost: what could still become a tag is held
    back until it cannot.
    """
    splitter = _Splitter(tags, is_open=is_open)
    with closing(pieces):
        for piece in pieces:
            if isinstance(piece, Delta):
                yield from splitter.add(piece)
            else:
                if isinstance(piece, Completion):
                    yield from splitter.rest()
                yield piece


def with_answer_limit(
    pieces: Generator[Piece, None, None], max_tokens: int, num_prompt: int
) -> Generator[Piece, None, None]:
    """Yield the pieces until the answer has `max_tokens`; thoughts are not counted.

    `num_prompt`: tokens of the prompt, for the usage of an answer that is cut.
    """
    began = first = time.monotonic()
    num_tokens = num_answer = 0
    with closing(pieces):
        for piece in pieces:
            yield piece
            if not isinstance(piece, Thought | Delta):
                continue
            first = time.monotonic() if num_tokens == 0 else first
            num_tokens += piece.num_tokens
            num_answer += piece.num_tokens if isinstance(piece, Delta) else 0
            if num_answer >= max_tokens:
                usage = Usage(
                    prompt_tokens=num_prompt,
                    completion_tokens=num_tokens,
                    prefill_s=first - began,
                    decode_s=time.monotonic() - first,
                )
                yield Completion(reason="length", usage=usage)
                return


def with_thinking_cost(pieces: Generator[Piece, None, None]) -> Generator[Piece, None, None]:
    """Yield the pieces; the usage at their end says how many tokens the thoughts had, and how long they took."""
    num_tokens, first_s, last_s = 0, 0.0, 0.0
    with closing(pieces):
        for piece in pieces:
            if isinstance(piece, Thought):
                last_s = time.monotonic()
                first_s = first_s or last_s
                num_tokens += piece.num_tokens
                if not piece.text:  # the tag alone
                    continue
            elif isinstance(piece, Completion) and num_tokens:
                spent_s = last_s - first_s
                usage = replace(piece.usage, thinking_tokens=num_tokens, thinking_s=spent_s)
                yield replace(piece, usage=usage)
                continue
            yield piece


class _Splitter:
    """Where a completion is: before a thought, within it, in the gap behind it, or in the answer."""

    def __init__(self, tags: Tags, *, is_open: bool) -> None:
        self._tags = tags
        self._state = "thought" if is_open else "before"
        self._held: list[Delta] = []
        self._has_begun = False
        """Whether there was more of the thought than newlines."""
        self._num_tokens = 0
        """Of the thought, since its last piece was passed on."""

    def add(self, delta: Delta) -> Generator[Piece, None, None]:
        if self._state == "answer":
            yield delta
            return
        if self._state == "gap":
            text = delta.text.lstrip("\n")
            if text:
                self._state = "answer"
                yield replace(delta, text=text)
            return
        self._held.append(delta)
        if self._state == "before":
            yield from self._look_for_start()
        if self._state == "thought":
            self._num_tokens += delta.num_tokens
            yield from self._look_for_end()

    def rest(self) -> Generator[Piece, None, None]:
        """Yield what is held when the completion ends."""
        text, held = self._text, list(self._held)
        self._held.clear()
        if self._state == "thought":
            yield self._thought(text)
        elif self._state == "before":
            yield from held

    @property
    def _text(self) -> str:
        return "".join(delta.text for delta in self._held)

    def _look_for_start(self) -> Generator[Piece, None, None]:
        begun = self._text.lstrip()
        if begun.startswith(self._tags.start):
            self._state = "thought"
            self._hold(begun[len(self._tags.start) :])
        elif not self._tags.start.startswith(begun):
            self._state = "answer"
            yield from self._held
            self._held.clear()

    def _look_for_end(self) -> Generator[Piece, None, None]:
        text = self._text if self._has_begun else self._text.lstrip("\n")
        thought, found, answer = text.partition(self._tags.end)
        self._has_begun = bool(thought)
        if found:
            self._hold("")
            self._state = "gap"
            yield self._thought(thought.rstrip("\n"))
            if answer:
                yield from self.add(Delta(text=answer))
            return
        sure = max(0, len(thought) - _possible_tag(thought, self._tags.end))
        if sure > 0:
            yield self._thought(thought[:sure])
        self._hold(thought[sure:])

    def _thought(self, text: str) -> Thought:
        num_tokens, self._num_tokens = self._num_tokens, 0
        return Thought(text=text, num_tokens=num_tokens)

    def _hold(self, text: str) -> None:
        self._held = [Delta(text=text)] if text else []


def _possible_tag(text: str, tag: str) -> int:
    """Return how many characters at the end may be the beginning of a tag, newlines before it too."""
    begun = next((n for n in range(len(tag) - 1, 0, -1) if text.endswith(tag[:n])), 0)
    head = text[: len(text) - begun]
    return begun + len(head) - len(head.rstrip("\n"))
