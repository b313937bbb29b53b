"""From where a call comes: which other web pages may use this server, and by which name.

A server on 127.0.0.1 without a password is still reachable by every page that its user visits: a
form can POST to it without asking (CORS only keeps the page from reading the answer), and a name
that is re-bound to 127.0.0.1 makes the page "same-origin". So what another site's page sends is
refused unless its origin is allowed, and a server that nothing else protects answers only to this
machine's names.

Source: the algorithm of Go's net/http.CrossOriginProtection; Fetch Metadata (W3C), section 2.
"""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from api.core.errors import ForbiddenError
from configs.server_settings import ServerSettings

log = logging.getLogger(__name__)

LOOPBACK = ("localhost", "127.0.0.1", "::1")
LOCAL_ORIGIN = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Origins:
    """Knows the allowed origins and host names."""

    def __init__(self, server: ServerSettings) -> None:
        self._origins = server.cors_origins
        self._hosts = _names(server)
        if "*" in self._origins and not server.is_protected:
            log.warning("Every web site that you visit may use this Quintet: cors_origins is “*”.")

    def check(self, connection: HTTPConnection) -> None:
        """Raises: ForbiddenError if another site's page calls, or by a name that is not ours."""
        host = connection.headers.get("host", "")
        if self._hosts and host and not self._is_our_name(name_of(host)):
            raise ForbiddenError(
                f"This Quintet does not answer to the name {host!r}.",
                "Set a password, or add the name to server.allowed_hosts.",
            )
        if is_safe(connection) or is_same_site(connection):
            return
        origin = connection.headers.get("origin", "null")
        if not self._is_allowed(origin):
            raise ForbiddenError(
                f"A page of {origin} may not use this Quintet.",
                "Add its origin to server.cors_origins if it should.",
            )

    def cors_options(self) -> dict[str, Any]:
        """Return the arguments of Starlette's CORSMiddleware."""
        return {
            "allow_origins": [origin for origin in self._origins if origin != "localhost"],
            "allow_origin_regex": LOCAL_ORIGIN if "localhost" in self._origins else None,
            "allow_methods": ["*"],
            "allow_headers": ["*"],
            "allow_credentials": "*" not in self._origins,
            "allow_private_network": True,
            "expose_headers": ["Mcp-Session-Id", "Retry-After", "WWW-Authenticate"],
        }

    def _is_allowed(self, origin: str) -> bool:
        if "localhost" in self._origins and re.fullmatch(LOCAL_ORIGIN, origin):
            return True
        return "*" in self._origins or origin in self._origins

    def _is_our_name(self, name: str) -> bool:
        return any(
            name.endswith(known[1:]) if known.startswith("*.") else name == known
            for known in self._hosts
        )


def is_safe(connection: HTTPConnection) -> bool:
    """Return whether the call only reads; a WebSocket never counts as that."""
    return connection.scope["type"] == "http" and connection.scope["method"] in SAFE_METHODS


def is_same_site(connection: HTTPConnection) -> bool:
    """Return whether our own page calls, or something that is no web page at all.

    The browser's own word first: it holds behind proxies that change the host. Older browsers, and
    plain http to another machine, send only the origin.
    """
    said = connection.headers.get("sec-fetch-site")
    if said is not None:
        return said in ("same-origin", "none")
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    ours = (connection.headers.get("host"), connection.headers.get("x-forwarded-host"))
    netloc = _netloc(origin)
    return netloc != "" and netloc in ours


def host_of(origin: str) -> str:
    """Return the lower-case host name of an origin, without its port; "" of what is none."""
    return name_of(_netloc(origin))


def _netloc(origin: str) -> str:
    """Return the host and port of an origin; "" of what is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _names(server: ServerSettings) -> tuple[str, ...]:
    """Return the names to answer to; none: to any."""
    if "*" in server.allowed_hosts:
        return ()
    is_exposed_as_it_is = server.host in LOOPBACK and not server.is_protected
    if server.allowed_hosts or is_exposed_as_it_is:
        return (*LOOPBACK, *(name.lower() for name in server.allowed_hosts))
    return ()


def name_of(host: str) -> str:
    """Return the lower-case name without its port; IPv6 addresses without their brackets."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
