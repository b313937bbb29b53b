"""Error codes → HTTP status, one table for every dialect, and what only a door can say."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException

from workers.messages import errors
from workers.messages.errors import AppError, RequestError


class UnauthorizedError(RequestError):
    """The key or password is missing or wrong."""

    code = "unauthorized"


class ForbiddenError(RequestError):
    """Another site's page calls, or the server is called by a name that is not its own."""

    code = "forbidden"


class MethodNotAllowedError(RequestError):
    """The path is there, but not for this method."""

    code = "method_not_allowed"

    allow = ""
    """The methods that are, as the header Allow lists them."""

    @classmethod
    def of(cls, method: str, path: str, known: Sequence[str]) -> MethodNotAllowedError:
        """Return the error that names the methods which the path knows."""
        allow = ", ".join(known)
        error = cls(f"{method} is not possible at {path}, only {allow}.")
        error.allow = allow
        return error


class TooManyRequestsError(RequestError):
    """This key has as many requests running and waiting as it may."""

    code = "too_many_requests"


class TooLargeError(RequestError):
    """The body is larger than may be uploaded."""

    code = "too_large"


STATUS: dict[type[AppError], int] = {
    UnauthorizedError: 401,
    ForbiddenError: 403,
    errors.NotAdminError: 403,
    MethodNotAllowedError: 405,
    TooLargeError: 413,
    TooManyRequestsError: 429,
    errors.MissingKeyError: 400,
    errors.NotFoundError: 404,
    errors.UnknownModelError: 404,
    errors.RequestError: 400,
    errors.QueueFullError: 429,
    errors.TimedOutError: 504,
    errors.ResourceError: 503,
    errors.PoolError: 503,
    errors.RemoteError: 502,
    errors.DownloadError: 502,
    errors.NotFetchedError: 404,
    errors.EngineNotInstalledError: 404,
    errors.EngineError: 500,
}
"""The nearest class wins."""

RETRY_AFTER_S = 2
"""What a refused client is told to wait."""
RESTART_S = 15
"""The same while Quintet stops, until it has been started again."""
CHALLENGE = 'Bearer realm="quintet", Basic realm="quintet"'
"""Basic too: a browser then asks for the password, and Geniusrise's clients expect it."""


def status_of(error: AppError) -> int:
    """Return the HTTP status of the error's class or its nearest parent in the table."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def from_http(error: HTTPException) -> AppError:
    """Return what the framework found wrong with a request, mostly with its body, as ours."""
    if error.status_code == 413:
        return TooLargeError("The body is larger than may be uploaded.", "Send less at once.")
    if error.status_code == 404:
        return errors.NotFoundError(f"There is nothing here: {error.detail}.")
    cause = f" ({error.__cause__})" if error.__cause__ else ""
    return RequestError(f"The request cannot be read: {error.detail.rstrip('.')}{cause}.")


def headers_of(error: AppError) -> dict[str, str]:
    """Return the headers that go with the error."""
    if isinstance(error, MethodNotAllowedError):
        return {"Allow": error.allow}
    status = status_of(error)
    if status == 401:
        return {"WWW-Authenticate": CHALLENGE}
    if isinstance(error, errors.PoolClosedError):
        return {"Retry-After": str(RESTART_S)}
    return {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else {}
