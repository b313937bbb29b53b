"""What /docs says that a route may answer, besides its own JSON."""

from __future__ import annotations

import json
from typing import Any

from workers.media.audio import FORMATS
from workers.messages import errors
from workers.messages.errors import AppError

from .dialect import Dialect
from .errors import ForbiddenError, TooLargeError, TooManyRequestsError, UnauthorizedError

Answers = dict[int | str, dict[str, Any]]

TEXT = {"schema": {"type": "string"}}
STREAMED: Answers = {200: {"content": {"text/event-stream": {}}}}
"""Also as server-sent events, with `stream`."""
IN_LINES: Answers = {200: {"content": {"application/x-ndjson": TEXT}}}
"""Also as JSON, one object in a line."""
WRITTEN: Answers = {200: {"content": {"text/event-stream": {}, "text/plain": TEXT}}}
"""Also as plain text, subtitles, or server-sent events."""
SOUND = {file.mime: {"schema": {"format": "binary"}} for file in FORMATS.values()}
SPOKEN: Answers = {200: {"content": SOUND}}
"""Sound, and nothing else: for routes whose response class has no media type of its own."""
SPOKEN_OR_STREAMED: Answers = {200: {"content": {**SOUND, "text/event-stream": {}}}}

_ERRORS: tuple[tuple[str, AppError], ...] = (
    ("The request cannot be answered as it is", errors.UnsupportedInputError("What is wrong.")),
    ("No key, or a wrong one", UnauthorizedError("The API key or password is wrong.")),
    ("Another site's page calls", ForbiddenError("A page of https://… may not use this Quintet.")),
    ("No such model, document, response", errors.UnknownModelError("No model is called “x”.")),
    ("The body is too large", TooLargeError("The body is larger than may be uploaded.")),
    ("Too much waits already; see Retry-After", TooManyRequestsError("The key has its requests.")),
    ("The model's engine failed", errors.GenerationError("The engine failed: why.")),
    ("Another server, whose model this is, failed", errors.RemoteError("It does not answer.")),
    ("The worker died, or lacks memory", errors.WorkerDiedError("It died while it worked.")),
    ("It took too long", errors.TimedOutError("The request waited too long.")),
)


def error_responses(dialect: Dialect) -> Answers:
    """Return how a dialect refuses, by status, in its own words; the example is a real answer."""
    answers: Answers = {}
    for description, error in _ERRORS:
        answer = dialect.on_error(error)
        media_type = answer.media_type or "text/plain"
        text = bytes(answer.body).decode()
        example = json.loads(text) if media_type == "application/json" else text
        content = {media_type: {"example": example}}
        answers[answer.status_code] = {"description": description, "content": content}
    if (
        dialect.on_invalid is None
    ):  # a body of the wrong shape is a 400: without this, /docs says 422
        answers["4XX"] = {**answers[400], "description": "Any other refusal"}
    return answers
