"""LLM API's bodies ⇄ messages. Pure functions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timezone

from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from sse_starlette import ServerSentEvent

from configs.catalogue import ModelCard
from workers.messages import Complete, Event, TextDelta
from workers.messages.errors import AppError
from workers.messages.sampling import sampling_for

from .schemas import GenerateRequest, Params


def to_complete(body: GenerateRequest, card: ModelCard) -> Complete:
    """Return the request: the prompt as it is, the system's own defaults over those of the card."""
    params = body.params or Params()
    given = params.model_dump(exclude={"suffix", "echo"})
    given["top_k"] = max(0, params.top_k)
    if params.max_tokens < 1:
        given["max_tokens"] = None
    if params.seed is not None and params.seed < 0:
        given["seed"] = None
    return Complete(prompt=body.prompt, sampling=sampling_for(card, given))


def text_of(events: Iterable[Event], body: GenerateRequest) -> str:
    """Return the whole answer, between what `echo` and `suffix` ask for."""
    before, after = _around(body)
    return before + "".join(e.text for e in events if isinstance(e, TextDelta)) + after


async def pieces_of(events: AsyncIterator[Event], body: GenerateRequest) -> AsyncIterator[str]:
    """Yield the answer piece by piece, none of them empty."""
    before, after = _around(body)
    if before:
        yield before
    async for event in events:
        if isinstance(event, TextDelta) and event.text:
            yield event.text
    if after:
        yield after


def _around(body: GenerateRequest) -> tuple[str, str]:
    params = body.params or Params()
    return body.prompt if params.echo else "", params.suffix or ""


def ping() -> ServerSentEvent:
    """Return the event of every 15 s: UTC, without an offset."""
    return ServerSentEvent(datetime.now(timezone.utc).replace(tzinfo=None), event="ping")


def broken(error: AppError) -> ServerSentEvent:
    """Return what ends a stream that failed after its status was sent."""
    return ServerSentEvent(str(error), event="error")


def findings(error: RequestValidationError) -> dict[str, object]:
    """Return what is wrong with a body, as FastAPI has always said it."""
    detail = [{name: found[name] for name in ("loc", "msg", "type")} for found in error.errors()]
    return {"detail": jsonable_encoder(detail)}
