"""A question to documents on its way: its passages, the answer as it is written, then its marks."""

from __future__ import annotations

from collections.abc import Sequence

from ui.core.asking import MAX_TURNS, question_html
from ui.core.parts import start_or_stop
from ui.core.render import busy_html, status_html
from ui.core.request import RequestRun, Update
from workers.flows.documents import Cited, ContextCut
from workers.flows.off_topic import NotInDocuments
from workers.messages import Event, Retrieved, TextDelta
from workers.messages.errors import NotFoundError

from .layout import QuestionParts
from .view import LOOKING, AskedDocuments, after_html, evidence_html, said_html, turn_html


class QuestionRun(RequestRun):
    """One question; when it has ended it stays above the next."""

    def __init__(self, parts: QuestionParts, asked: AskedDocuments, turns: list[str]) -> None:
        """`turns` are the answers before; this one is added at its end."""
        super().__init__()
        self._parts = parts
        self._asked = asked
        self._turns = turns
        self._status = ""
        self._is_early = False

    def begun(self) -> Update:
        """The question; the answers before are above it."""
        parts = self._parts
        return {
            parts.earlier: "".join(self._turns),
            parts.asked: question_html(self._asked.question),
            parts.status: busy_html("starting"),
            parts.answer: "",
            parts.after: "",
            parts.evidence: LOOKING,
            parts.composer.question: "",
            **self._can_stop(True),
        }

    def advanced(self, batch: Sequence[Event]) -> Update:
        """The answer so far; the passages when something about them is new."""
        for event in batch:
            self._see(event)
        parts = self._parts
        update: Update = {
            parts.status: self._status,
            parts.answer: said_html(self._asked),
        }
        if any(isinstance(one, (Retrieved, ContextCut, Cited, NotInDocuments)) for one in batch):
            update[parts.evidence] = evidence_html(self._asked)
        return update

    def refused(self, error: Exception) -> Exception:
        """A collection without documents may be one whose first is still being read."""
        self._is_early = isinstance(error, NotFoundError) and bool(self._asked.still_read)
        return error

    def failed(self, error: str) -> Update:
        """What was written stays."""
        if not self._is_early:  # else what is still read says it all
            self._asked.error, self._asked.still_read = error, ""
        return self._at_rest()

    async def ended(self) -> Update:
        """The whole answer, and what it cost."""
        return self._at_rest()

    def _at_rest(self) -> Update:
        asked, parts = self._asked, self._parts
        asked.receipt, asked.is_done = self.receipt, True
        turns = [*self._turns, turn_html(asked)][-MAX_TURNS:]
        return {
            parts.turns: turns,
            parts.status: "",
            parts.answer: said_html(asked),
            parts.after: after_html(asked),
            parts.evidence: evidence_html(asked),
            **self._can_stop(False),
        }

    def _can_stop(self, is_running: bool) -> Update:
        composer = self._parts.composer
        return start_or_stop(composer.send, composer.stop, is_running=is_running)

    def _see(self, event: Event) -> None:
        asked = self._asked
        if isinstance(event, Retrieved):
            asked.passages = event.passages
        elif isinstance(event, ContextCut):
            asked.cut = event
        elif isinstance(event, TextDelta):
            asked.text += event.text
        elif isinstance(event, Cited):
            asked.cited = event
        elif isinstance(event, NotInDocuments):
            asked.missed = event
        self._status = status_html(event) or self._status
