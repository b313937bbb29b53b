"""One question on its way through the RAG tab, gathered from its events. Pure: no gradio."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

from workers.flows.documents import Cited, ContextCut
from workers.messages import Event, Passage, Retrieved, TextDelta

from .document_view import passages_html, remarks
from .receipt import Receipt
from .render import status_html


@dataclass(slots=True, kw_only=True)
class Answer:
    """One question on its way: what has come so far."""

    question: str
    receipt: Receipt = field(default_factory=Receipt)
    passages: tuple[Passage, ...] = ()
    cut: ContextCut | None = None
    text: str = ""
    cited: Cited | None = None
    status: str = ""

    def see(self, event: Event) -> None:
        """Take note of one event."""
        if isinstance(event, Retrieved):
            self.passages = event.passages
        elif isinstance(event, ContextCut):
            self.cut = event
        elif isinstance(event, TextDelta):
            self.text += event.text
        elif isinstance(event, Cited):
            self.cited = event
        if not isinstance(event, (Retrieved, ContextCut, Cited)):
            self.receipt.see(event)
        self.status = status_html(event) or self.status

    @property
    def passages_html(self) -> str:
        """The cards, as far as it is known which were used and cited."""
        numbers = self.cited.numbers if self.cited else ()
        num_used = self.cut.num_used if self.cut else 0
        return passages_html(self.passages, self.question, numbers, num_used)

    @property
    def notes_html(self) -> str:
        """The remarks below the answer."""
        cut = self.cut
        is_by_model = self.cited.is_by_model if self.cited else None
        lines = remarks(
            self.passages, cut.num_used if cut else 0, cut.reason if cut else "", is_by_model
        )
        return "".join(f"<p>{html.escape(line)}</p>" for line in lines)
