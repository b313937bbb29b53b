"""Error codes → HTTP status, one table for every dialect."""

from __future__ import annotations

from workers import errors
from workers.errors import AppError

STATUS: dict[type[AppError], int] = {
    errors.NotFoundError: 404,
    errors.UnknownModelError: 404,
    errors.RequestError: 400,
    errors.QueueFullError: 429,
    errors.TimedOutError: 504,
    errors.ResourceError: 503,
    errors.PoolError: 503,
    errors.RemoteError: 502,
    errors.EngineError: 500,
}
"""The nearest class wins."""

RETRY_AFTER_S = 2
"""What a refused client is told to wait."""


def status_of(error: AppError) -> int:
    """Return the HTTP status of the error's class or its nearest parent in the table."""
    if error.code == "unauthorized":
        return 401
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def headers_of(error: AppError) -> dict[str, str]:
    """Return the headers that go with the error."""
    return {"Retry-After": str(RETRY_AFTER_S)} if status_of(error) == 429 else {}
