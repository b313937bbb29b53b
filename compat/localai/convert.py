"""LocalAI's bodies ⇄ messages. Pure functions."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterable, Sequence
from typing import Any

from api.core.audio.schemas import SpeechRequest
from api.core.completions.convert import to_choices
from api.core.completions.objects import usage_of
from configs.catalogue import ModelCard
from workers.messages import ChatMessage, Complete, Embedded, Event, Generate, Request
from workers.messages.errors import AppError
from workers.messages.folds import end_of, text_of
from workers.messages.sampling import sampling_for
from workers.templates.conversation import render_edit

from .schemas import EditRequest, SpeakRequest

Json = dict[str, Any]


def to_edits(body: EditRequest, card: ModelCard) -> Sequence[Request]:
    """Return one request per choice.

    In the model's own format for edits if it has one, else as a question in its chat format.
    """
    sampling = sampling_for(card, body.model_dump(exclude={"logit_bias"}, exclude_none=True))
    prompt = render_edit(card.templates, body.instruction, body.input)
    if card.templates and card.templates.edit:
        return to_choices(Complete(prompt=prompt, sampling=sampling, model=card.id), body.n)
    turn = ChatMessage(role="user", text=prompt)
    return to_choices(Generate(messages=(turn,), sampling=sampling, model=card.id), body.n)


def edit(choices: Sequence[Iterable[Event]], model: str) -> Json:
    """Return the answers as one `edit`."""
    kept = [tuple(events) for events in choices]
    return {
        "object": "edit",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": n, "text": text_of(events)} for n, events in enumerate(kept)],
        "usage": usage_of(*(end_of(events).usage for events in kept)),
    }


def to_speech(body: SpeakRequest) -> SpeechRequest:
    """Return the same wish in OpenAI's words."""
    return SpeechRequest.model_validate(body.model_dump(exclude={"language"}))


def floats(embedded: Embedded) -> list[float]:
    """Return the first vector as numbers."""
    return list(struct.unpack(f"<{embedded.dim}f", embedded.vectors[: embedded.dim * 4]))


def error_body(error: AppError, status: int) -> Json:
    """Return LocalAI's error object: the code is the HTTP status."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"code": status, "message": str(error), "type": kind}}
