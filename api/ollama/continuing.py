"""The answer of /api/generate, which carries the conversation for the next one in `context`."""

from __future__ import annotations

from dataclasses import dataclass

from workers.messages import ChatMessage

from .answering import OllamaAnswer
from .context import encoded
from .objects import Json


@dataclass(slots=True, kw_only=True)
class ContinuedAnswer(OllamaAnswer):
    """Answers one body of /api/generate."""

    turns: tuple[ChatMessage, ...] = ()
    """What the answer continues; none of a raw prompt."""

    def _finished(self, last: Json) -> Json:
        if not self.turns:
            return last
        answer = ChatMessage(role="assistant", text=self.writer.text)
        return {**last, "context": encoded([*self.turns, answer])}
