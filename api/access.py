"""Who may use the HTTP interface: with a page password set, the same password opens it.

Either as a bearer key (`Authorization: Bearer PASSWORD`, what OpenAI's clients send as `api_key`)
or as basic authentication with the page's user name.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable

import fastapi

from configs.settings import ServerSettings
from workers.errors import RequestError


class UnauthorizedError(RequestError):
    """The key or password is missing or wrong."""

    code = "unauthorized"


def require_password(server: ServerSettings) -> Callable[[fastapi.Request], None]:
    """Return a dependency that lets everybody in without a password, else only who knows it."""

    def check(connection: fastapi.Request) -> None:
        if server.password is None:
            return
        scheme, _, value = connection.headers.get("authorization", "").partition(" ")
        given = _basic(value, server.username) if scheme.lower() == "basic" else value
        if not secrets.compare_digest(given.encode(), server.password.encode()):
            raise UnauthorizedError(
                "This Quintet asks for a password.", "Send it as the API key (Bearer)."
            )

    return check


def _basic(value: str, username: str) -> str:
    """Return the password of a basic credential; "" if it is not one of this user."""
    try:
        user, _, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password if secrets.compare_digest(user.encode(), username.encode()) else ""
