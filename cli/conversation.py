"""What a terminal chat remembers, and how one turn of it is asked for. Knows no terminal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from library.session import Quintet
from library.sync_async import Stream
from workers.messages import ChatMessage
from workers.personas.asking import PersonaAsk

from .calling import CallLeave, calling_options
from .dressing import said_by


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One chat: its turns, and what the next question is about."""

    quintet: Quintet
    options: dict[str, Any] = field(default_factory=dict)
    """SamplingFlags, as the library takes it."""
    system: str = ""
    worn: dict[str, Any] = field(default_factory=dict)
    """What a persona says of how it answers; `options` count before it."""
    is_remote: bool = False
    """Whether another Quintet answers."""
    turns: list[ChatMessage] = field(default_factory=list)
    images: tuple[Path, ...] = ()
    """Pictures that questions are about."""
    flow: dict[str, str] = field(default_factory=dict)
    """How answers are come by, as the library takes it; empty: one model answers."""
    collection: str = ""
    """Documents that questions are answered from; "": none."""

    tools: tuple[str, ...] = ()
    """Tools that the model may call."""
    leave: CallLeave = field(default_factory=lambda: CallLeave(allows_all=False))
    """Who is asked before it does."""
    schema: dict[str, Any] | None = None
    """A JSON schema that answers obey; None: they are free text."""

    def ask(self, question: str) -> Stream[Any, str]:
        """Return the answer's stream. Raises: AppError."""
        turns = [*self.turns, ChatMessage(role="user", text=question)]
        said = {**self.worn, **self.options}
        if self.flow:
            found = [self.collection] if self.collection else []
            wishes: dict[str, Any] = {**said, **self.flow, "collections": found}
            return self.quintet.stream_chat(turns, system=self.system, **wishes)
        if self.collection:
            return self.quintet.stream_answer(self.collection, question, **self.options)
        if self.images:
            return self.quintet.stream_description(self.images, question, **self.options)
        called = calling_options(self.tools, self.leave)
        return self.quintet.stream_chat(
            turns, system=self.system, schema=self.schema, **said, **called
        )

    def wear(self, asked: PersonaAsk) -> None:
        """Answer as a persona from now on."""
        self.system, self.worn = asked.system, said_by(asked)

    def remember(self, question: str, answer: str) -> None:
        """Keep a turn, also one that was stopped half-way."""
        self.turns += [
            ChatMessage(role="user", text=question),
            ChatMessage(role="assistant", text=answer),
        ]

    def take_back(self) -> str:
        """Forget the last turn and return its question; "" if there is none."""
        if not self.turns:
            return ""
        question, _answer = self.turns[-2:]
        del self.turns[-2:]
        return question.text

    def as_text(self) -> str:
        """Return the chat as markdown."""
        return "\n".join(f"## {turn.role}\n\n{turn.text.strip()}\n" for turn in self._all())

    def as_json(self) -> str:
        """Return the chat as OpenAI's messages."""
        turns = [{"role": turn.role, "content": turn.text} for turn in self._all()]
        return json.dumps(turns, indent=1, ensure_ascii=False) + "\n"

    def _all(self) -> list[ChatMessage]:
        first = [ChatMessage(role="system", text=self.system)] if self.system else []
        return [*first, *self.turns]
