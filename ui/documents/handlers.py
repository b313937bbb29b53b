"""What happens on each click of the RAG tab's conversation."""

from __future__ import annotations

import uuid
from contextlib import aclosing

import gradio as gr

from ui.core.asking import pressed
from ui.core.parts import start_or_stop
from ui.core.render import note_html
from ui.core.request import Steps, Update, Updates, run_request, streamed
from workers.client import Client, StopSwitch
from workers.flows.documents import Question, ask_documents
from workers.flows.intake import DocumentIntake
from workers.flows.removal import Removals

from .layout import QuestionParts
from .library_view import still_read_words
from .run import QuestionRun
from .view import AskedDocuments

QUOTES: dict[str, bool | None] = {"size": None, "quote": True, "model": False}
NO_QUESTION = "Type a question first."


class QuestionHandlers:
    """What happens when a question is asked. Of a browser it holds how its answer is stopped."""

    def __init__(
        self, client: Client, parts: QuestionParts, intake: DocumentIntake, removals: Removals
    ) -> None:
        self._client = client
        self._parts = parts
        self._intake = intake
        self._removals = removals
        self._switches: dict[str, StopSwitch] = {}

    @streamed
    def on_ask(
        self,
        question: str,
        name: str,
        top_k: float,
        quotes: str,
        previous_id: str,
        turns: list[str],
    ) -> Steps:
        """Show the passages, then the answer as it is written, then its marks."""
        question = (question or "").strip()
        if not question:
            yield {self._parts.status: note_html(NO_QUESTION)}
            return
        self._stop(previous_id)  # one answer at a time in this browser tab
        asked = Question(
            text=question,
            collection=name,
            top_k=int(top_k),
            quotes=QUOTES.get(quotes),
            refuses=True,
        )
        yield self._answer(asked, turns)

    @streamed
    def on_act(
        self,
        name: str,
        top_k: float,
        quotes: str,
        previous_id: str,
        turns: list[str],
        event: gr.EventData,
    ) -> Steps:
        """Ask once more, or the model instead of quoting, or although the documents say nothing about it."""
        act, question = pressed(event)
        if act not in ("again", "anyway", "model") or not question:
            yield {self._parts.status: gr.skip()}
            return
        self._stop(previous_id)
        asked = Question(
            text=question,
            collection=name,
            top_k=int(top_k),
            quotes=QUOTES.get(quotes) if act == "again" else act == "anyway" and quotes == "quote",
            refuses=act == "again",
        )
        yield self._answer(asked, turns)

    def on_stop(self, answer_id: str) -> Update:
        """End the answer in whichever worker is at it: what is written stays."""
        self._stop(answer_id)
        composer = self._parts.composer
        return start_or_stop(composer.send, composer.stop, is_running=False)

    async def _answer(self, question: Question, turns: list[str]) -> Updates:
        await self._removals.settle(question.collection)
        reading = self._intake.under_way(question.collection)
        asked = AskedDocuments(
            question=question.text,
            number=len(turns) + 1,
            still_read=still_read_words(reading),
        )
        answer_id = uuid.uuid4().hex
        switch = self._switches[answer_id] = StopSwitch()
        events = ask_documents(self._client.stopped_by(switch), question)
        try:
            yield {self._parts.answer_id: answer_id}
            run = QuestionRun(self._parts, asked, turns)
            async with aclosing(run_request(events, run)) as updates:
                async for update in updates:
                    yield update
        finally:
            del self._switches[answer_id]

    def _stop(self, answer_id: str) -> None:
        if (switch := self._switches.get(answer_id)) is not None:
            switch.press()
