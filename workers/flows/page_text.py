"""Who reads scanned pages, what it is asked, and its answer as the text of a page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages import ChatMessage, Event, PageText, PictureRead, SamplingParams
from workers.messages.folds import text_of

from .picture_prompt import layout_text

OCR_ENGINE = "rapidocr"
STAND_IN = "fake"
"""Where it is the model in use, no real one is to be woken."""
TRANSCRIBE = (
    "Write down all text on this page, word by word, in reading order. Write nothing else; if there "
    "is no text, write nothing."
)
"""For a model that looks at pictures, where none is here that only reads."""
SAMPLING = SamplingParams(temperature=0.0, max_tokens=2_000)


def reader_of(client: Client) -> ModelCard:
    """Return the model that reads pages: one that does nothing else, if it is here, else the vision model in use.

    Raises: UnknownModelError if there is no vision model at all.
    """
    default = client.card("vision")
    if default.engine in (OCR_ENGINE, STAND_IN):
        return default
    readers = [card for card in client.models.all("vision") if card.engine == OCR_ENGINE]
    return next((card for card in readers if client.models.is_here(card)), default)


def page_text(page: int, events: Sequence[Event]) -> PageText:
    """Return what a vision model has answered about one page."""
    read = next((one for one in events if isinstance(one, PictureRead)), None)
    if read is None:
        return PageText(page=page, text=text_of(events).strip())
    text = re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", layout_text(read))
    return PageText(page=page, text=text, lines=read.lines, width=read.width, height=read.height)


def question_of(card: ModelCard) -> tuple[ChatMessage, ...]:
    """Return what a model is asked about a page; one that only reads is asked nothing."""
    return () if card.engine == OCR_ENGINE else (ChatMessage(role="user", text=TRANSCRIBE),)
