"""A dialect: one system's routes and the shape of its errors. `api.app` mounts a list of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Response
from fastapi.exceptions import RequestValidationError

from configs.settings import Settings
from workers.client import Client
from workers.messages.errors import AppError, RequestError


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What `api.app` needs to know about one folder of this package."""

    name: str
    """For the headings of /docs."""
    page: str
    """The page about it: docs/PAGE.md."""
    about: str
    """One sentence for /docs."""
    prefixes: tuple[str, ...]
    """Paths under which its error shape is used; the longest match wins, "" matches all."""
    create_router: Callable[[Client, Settings], APIRouter]
    on_error: Callable[[AppError], Response]
    """A request that failed, as this system would say it."""
    on_invalid: Callable[[RequestValidationError], Response] | None = None
    """A body of the wrong shape; None: as a RequestError through `on_error`."""

    def refuse(self, error: RequestValidationError) -> Response:
        """Return the answer to a body of the wrong shape."""
        if self.on_invalid is not None:
            return self.on_invalid(error)
        return self.on_error(RequestError(describe(error)))


def dialect_of(path: str, dialects: Sequence[Dialect]) -> Dialect:
    """Return the dialect whose prefix is the longest that `path` starts with."""
    matches = [
        (len(prefix), dialect)
        for dialect in dialects
        for prefix in dialect.prefixes
        if path.startswith(prefix)
    ]
    return max(matches, key=lambda match: match[0])[1]


def describe(error: RequestValidationError) -> str:
    """Return one sentence for a body of the wrong shape."""
    findings = error.errors()
    first = findings[0]
    if first["type"] == "json_invalid":
        return f"The body is no JSON: {first['ctx']['error']} at place {first['loc'][-1]}."
    if first["type"] == "model_attributes_type" and len(first["loc"]) == 1:
        return "The body is not read as JSON: send an object, with Content-Type: application/json."
    described = "; ".join(
        f"{'.'.join(str(part) for part in finding['loc'][1:]) or 'body'}: {finding['msg']}"
        for finding in findings
    )
    return f"The body is not right: {described}."
