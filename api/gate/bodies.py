"""What holds for every body, whosever words it is in: its size, and that its text is text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.requests import HTTPConnection, Request

from configs.server_settings import ServerSettings

MAX_JSON_MIB = 64
"""JSON takes memory, several times its size while it is parsed; files go to the disk."""
HALVES = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""What JSON with half of a surrogate pair in it cannot be without; whole pairs have it too."""
HALF = re.compile("[\ud800-\udfff]")
MANY_LEVELS = 500
KEY_CHARS = 80
"""Of a key, in the name of a place."""

Place = tuple[str | int, ...]


def is_form(connection: HTTPConnection) -> bool:
    """Return whether the body says that it carries files."""
    return _kind(connection) == "multipart/form-data"


def max_body_mib(connection: HTTPConnection, server: ServerSettings) -> float:
    """Return how large the body may be."""
    largest = server.max_upload_mib
    return largest if is_form(connection) else min(MAX_JSON_MIB, largest)


async def refuse_halves(connection: HTTPConnection) -> None:
    """Refuse JSON with halves of surrogate pairs, which no engine and no answer can hold.

    Raises: RequestValidationError naming the first place.
    """
    if not isinstance(connection, Request) or not _is_json(connection):
        return
    body = b"" if connection.method == "GET" else await connection.body()
    place = _first_half(body) if HALVES.search(body) else None
    if place is not None:
        sentence = "Input holds half of a character: an escape such as \\ud83d without its pair"
        raise RequestValidationError(
            [{"loc": ("body", *place), "msg": sentence, "type": "string_unicode"}]
        )


def is_too_deep(body: bytes) -> bool:
    """Return whether it is JSON that cannot be read for its many levels."""
    if body.count(b"[") + body.count(b"{") < MANY_LEVELS:
        return False
    try:
        json.loads(body)
    except RecursionError:
        return True
    except ValueError:
        return False
    return False


def _kind(connection: HTTPConnection) -> str:
    return connection.headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_json(connection: HTTPConnection) -> bool:
    return _kind(connection) == "application/json" or _kind(connection).endswith("+json")


def _first_half(body: bytes) -> Place | None:
    """Return where the first half of a pair stands; None: nowhere, or it is no JSON at all."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None  # the route itself refuses what is no JSON
    try:
        return next(_halves(value, ()), None)
    except RecursionError:  # too deep to be looked at
        return ()


def _halves(value: Any, place: Place) -> Iterator[Place]:
    if isinstance(value, str) and not _is_whole(value):
        yield place
    inside = enumerate(value) if isinstance(value, list) else ()
    for key, item in value.items() if isinstance(value, dict) else inside:
        if isinstance(key, str) and not _is_whole(key):
            yield place
        yield from _halves(item, (*place, key[:KEY_CHARS] if isinstance(key, str) else key))


def _is_whole(text: str) -> bool:
    return HALF.search(text) is None
