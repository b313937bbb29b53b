"""Conversation, files and passages → what a model gets. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workers.chats.records import Message
from workers.flows.documents import (
    EXAMPLE,
    INSTRUCTION,
    SMALL_MODEL_ANSWER_TOKENS,
    SMALL_MODEL_PASSAGES,
)
from workers.messages import ChatMessage, Passage

from .attached.reading import FileReading
from .attached.words import with_files
from .conversation import conversation_of
from .options import TurnOptions

WITH_FILES = (
    "Answer the question from the attached files and the numbered passages alone, and put the number of "
    "the passage in square brackets after each sentence that is from one, like [1]. If they do not "
    "answer it, say so."
)
SUMMARY = "What was said before, in short:\n{summary}"
FAITHFUL: Mapping[str, Any] = {"temperature": 0.0, "repeat_penalty": 1.0}
"""The likeliest token, and no penalty: an answer from a text has to repeat the text."""
SMALL_MODEL: Mapping[str, Any] = {"max_tokens": SMALL_MODEL_ANSWER_TOKENS, "stop": ("\n",)}
"""One paragraph: after its first answer a small model goes on with inventions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnPrompt:
    """All that goes into one answer, and how much of it."""

    path: Sequence[Message]
    options: TurnOptions
    readings: Sequence[FileReading] = ()
    passages: Sequence[Passage] = ()
    """The best first; those that are given, without the others that were found."""
    is_for_a_small_model: bool = False
    num_left_out: int = 0
    """Messages at the beginning of the path that the model does not get; their files it does."""
    summary: str = ""
    """What they said, in short."""

    @property
    def kept(self) -> Sequence[Message]:
        """The messages that the model gets."""
        return self.path[self.num_left_out :]

    @property
    def question(self) -> Message:
        """What is asked last."""
        return next(one for one in reversed(self.path) if one.role == "user")

    @property
    def is_alone(self) -> bool:
        """Whether the model gets passages and question alone, without what was said before.

        A small model does, unless there are texts that only a whole prompt can hold.
        """
        has_texts = any(one.is_read and not one.is_long for one in self.readings)
        return bool(self.passages) and self.is_for_a_small_model and not has_texts

    def turns(self) -> tuple[ChatMessage, ...]:
        """Return the conversation as the model gets it."""
        if self.is_alone:
            return self._small()
        said = self._said()
        if self.passages:
            asked = said[self.question.id]
            said[self.question.id] = f"{numbered(self.passages)}\n\nQuestion: {asked}"
        is_calling = bool(self.options.tools) and not any(one.is_seen for one in self.readings)
        return conversation_of(self.kept, self._system(), said, is_calling=is_calling)

    def chosen(self) -> TurnOptions:
        """Return the options with what an answer from passages needs, where nobody wanted otherwise."""
        if not self.passages:
            return self.options
        needed = {**FAITHFUL, **(SMALL_MODEL if self.is_alone else {})}
        sampling = {**needed, **self.options.sampling}
        return self.options.model_copy(update={"sampling": sampling})

    def _small(self) -> tuple[ChatMessage, ...]:
        """An example says more to a small model than instructions: see `workers.flows.documents`."""
        few = self.passages[:SMALL_MODEL_PASSAGES]
        body = "\n\n".join(passage.text for passage in reversed(few))
        asked = f"Text: {body}\nQuestion: {self.question.text}"
        turns = [*EXAMPLE, ChatMessage(role="user", text=asked)]
        if self.path[-1].role == "assistant" and self.path[-1].text:
            turns.append(ChatMessage(role="assistant", text=self.path[-1].text))
        return tuple(turns)

    def _system(self) -> str:
        parts = [self.options.system.strip()]
        if self.summary:
            parts.append(SUMMARY.format(summary=self.summary))
        if self.passages:
            parts.append(WITH_FILES if self.readings else INSTRUCTION)
        return "\n\n".join(part for part in parts if part)

    def _said(self) -> dict[int, str]:
        """Return each question with its files; those of questions that are left out come with the first kept."""
        left_out = {one.id for one in self.path[: self.num_left_out]}
        first = next(one.id for one in self.kept if one.role == "user")
        by_question: dict[int, list[FileReading]] = {self.question.id: []}
        for reading in self.readings:
            at = first if reading.question in left_out else reading.question
            by_question.setdefault(at, []).append(reading)
        texts = {one.id: one.text for one in self.kept}
        return {at: with_files(some, texts[at]) for at, some in by_question.items()}


def numbered(passages: Sequence[Passage]) -> str:
    """Return the passages under their numbers, the best one last: nearest to the question."""
    marked = [f"[{number}] {passage.text}" for number, passage in enumerate(passages, start=1)]
    return "\n\n".join(reversed(marked))


def fewer_passages(prompt: TurnPrompt) -> TurnPrompt:
    """Return it with half of its passages, the better half."""
    return replace(prompt, passages=prompt.passages[: max(1, len(prompt.passages) // 2)])
