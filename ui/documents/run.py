"""The two requests of the RAG tab on their way: files that are indexed, a question that is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from ui.core.parts import can_stop
from ui.core.render import busy_html, receipt_html, status_html
from ui.core.request import RequestRun, Update
from workers.flows.documents import Cited, ContextCut
from workers.messages import DocumentIndexed, Event, Passage, Retrieved, TextDelta

from .layout import CollectionParts, QuestionParts
from .view import answer_html, failures_html, files_html, passages_html, remarks, remarks_html


class IngestRun(RequestRun):
    """Files on their way into a collection, a line for each."""

    def __init__(
        self, parts: CollectionParts, request_id: str, collection: Callable[[], Awaitable[Update]]
    ) -> None:
        """`collection` looks again at what is there, when all files are in."""
        super().__init__()
        self._parts = parts
        self._request_id = request_id
        self._collection = collection
        self._indexed: list[DocumentIndexed] = []

    def begun(self) -> Update:
        """No line yet."""
        parts = self._parts
        return {
            parts.status: busy_html("starting"),
            parts.results: "",
            parts.stop: can_stop(True),
            parts.ingest_id: self._request_id,
        }

    def advanced(self, batch: Sequence[Event]) -> Update:
        """A line for each file that is in, or could not be added."""
        self._indexed += [event for event in batch if isinstance(event, DocumentIndexed)]
        shown = [line for line in map(status_html, batch) if line]
        update: Update = {self._parts.status: shown[-1]} if shown else {}
        return update | ({self._parts.results: files_html(self._indexed)} if self._indexed else {})

    def failed(self, error: str) -> Update:
        """The files that came before stay."""
        parts = self._parts
        return {parts.status: error, parts.files: None, parts.stop: can_stop(False)}

    async def ended(self) -> Update:
        """The collection as it is now, and what the work cost."""
        parts = self._parts
        return {
            **await self._collection(),
            parts.files: None,
            parts.status: failures_html(self._indexed) or receipt_html(self.receipt),
            parts.stop: can_stop(False),
        }


class QuestionRun(RequestRun):
    """A question: its passages, the answer as it is written, then the citations."""

    def __init__(self, parts: QuestionParts, question: str) -> None:
        super().__init__()
        self._parts = parts
        self._question = question
        self._passages: tuple[Passage, ...] = ()
        self._cut: ContextCut | None = None
        self._text = ""
        self._cited: Cited | None = None
        self._status = ""

    def begun(self) -> Update:
        """Nothing of the question before is left."""
        parts = self._parts
        return {
            parts.status: busy_html("starting"),
            parts.stop: can_stop(True),
            parts.answer: "",
            parts.notes: "",
            parts.passages: "",
        }

    def advanced(self, batch: Sequence[Event]) -> Update:
        """The answer so far; passages and notes when something about them is new."""
        for event in batch:
            self._see(event)
        parts = self._parts
        text = self._cited.text if self._cited else self._text
        update: Update = {
            parts.answer_id: batch[-1].request_id,
            parts.status: self._status,
            parts.stop: can_stop(True),  # the end of an older answer switched it off
            parts.answer: answer_html(text, is_done=self._cited is not None),
        }
        if any(isinstance(event, (Retrieved, ContextCut, Cited)) for event in batch):
            update |= {parts.passages: self._passages_html(), parts.notes: self._notes_html()}
        return update

    def failed(self, error: str) -> Update:
        """What was written stays."""
        return {self._parts.status: error, self._parts.stop: can_stop(False)}

    async def ended(self) -> Update:
        """What it cost."""
        return {self._parts.status: receipt_html(self.receipt), self._parts.stop: can_stop(False)}

    def _see(self, event: Event) -> None:
        if isinstance(event, Retrieved):
            self._passages = event.passages
        elif isinstance(event, ContextCut):
            self._cut = event
        elif isinstance(event, TextDelta):
            self._text += event.text
        elif isinstance(event, Cited):
            self._cited = event
        self._status = status_html(event) or self._status

    def _passages_html(self) -> str:
        """The cards, as far as it is known which were used and cited."""
        numbers = self._cited.numbers if self._cited else ()
        num_used = self._cut.num_used if self._cut else 0
        return passages_html(self._passages, self._question, numbers, num_used)

    def _notes_html(self) -> str:
        """The remarks below the answer."""
        num_used, reason = (self._cut.num_used, self._cut.reason) if self._cut else (0, "")
        is_by_model = self._cited.is_by_model if self._cited else None
        return remarks_html(remarks(self._passages, num_used, reason, is_by_model))
