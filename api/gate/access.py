"""Who is calling: one check for HTTP, WebSocket, MCP and the page.

Without a password and without keys, everybody is let in. Else a caller shows one of them, the way
its client knows:

    Authorization: Bearer KEY        OpenAI's clients, MCP clients (KEY: an API key or the password)
    Authorization: Basic USER:KEY    Geniusrise's clients, a browser's own dialog
    x-api-key: KEY                   Anthropic's clients
    the cookie of the page's login   the same browser, at /docs or /v1

A key is also the page's password for the page's user, so the page is never open where the rest is
not. The admin's password, and keys with that role, open the same doors; with the user name `admin`
they log an admin in.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from api.core.errors import UnauthorizedError
from configs.server_settings import ADMIN, ServerSettings


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller that was let in."""

    name: str
    """The API key's name or the page's user; never the key itself."""
    max_running: int | None = None
    """Requests answered at once; None: no limit of its own."""
    max_waiting: int = 0
    is_admin: bool = False


ANYONE = Identity("anyone")


class Access:
    """Knows the password and the keys."""

    def __init__(self, server: ServerSettings) -> None:
        self._username = server.username
        self._known = [
            (
                key.key.encode(),
                Identity(key.name, key.max_running, key.max_waiting, key.role == ADMIN),
            )
            for key in server.api_keys
        ]
        self._is_open = not server.is_protected
        if server.admin_password is not None:
            self._known.append((server.admin_password.encode(), Identity(ADMIN, is_admin=True)))
        if server.password is not None:
            self._known.append((server.password.encode(), Identity(server.username)))

    @property
    def is_open(self) -> bool:
        """Whether nobody has to show anything."""
        return self._is_open

    def identify(self, connection: HTTPConnection, *, with_cookie: bool = True) -> Identity:
        """Return who calls. Raises: UnauthorizedError if nothing shown is right.

        `with_cookie` is false for calls that another site's page may have caused: browsers add
        cookies to those by themselves.
        """
        if self.is_open:
            return ANYONE
        shown = self._shown(connection)
        found = [self._find(secret) for secret in shown]
        if with_cookie:
            found.append(_page_user(connection))
        for identity in found:
            if identity is not None:
                return identity
        raise UnauthorizedError(
            "The API key or password is wrong."
            if shown
            else "This Quintet asks for an API key or its password.",
            "Send it as “Authorization: Bearer …”, as the password of basic authentication, or as "
            "x-api-key.",
        )

    def shows_admin(self, connection: HTTPConnection, *, with_cookie: bool) -> bool:
        """Return whether the caller shows an admin's secret, or is logged in as one."""
        found = [self._find(secret) for secret in self._shown(connection)]
        if with_cookie:
            found.append(_page_user(connection))
        return any(identity is not None and identity.is_admin for identity in found)

    def check_login(self, username: str, password: str) -> bool:
        """Return whether the page's login is right.

        That is its user with the password or any key, or the name of admins with a secret of theirs.
        """
        found = self._find(password)
        if found is not None and found.is_admin and username == ADMIN:
            return True
        is_user = secrets.compare_digest(_bytes(username), _bytes(self._username))
        return found is not None and is_user

    def _shown(self, connection: HTTPConnection) -> list[str]:
        """Return the secrets that the headers carry."""
        shown = [connection.headers["x-api-key"]] if "x-api-key" in connection.headers else []
        scheme, _, value = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            shown.append(value.strip())
        elif scheme.lower() == "basic":
            shown.append(self._basic(value))
        return shown

    def _basic(self, value: str) -> str:
        """Return the password of a basic credential; "" if it is nobody's who logs in."""
        try:
            user, _, password = base64.b64decode(value).decode().partition(":")
        except ValueError:  # no base64, or no text in it
            return ""
        is_user = secrets.compare_digest(_bytes(user), _bytes(self._username))
        return password if is_user or self.check_login(user, password) else ""

    def _find(self, given: str) -> Identity | None:
        """Compare with every secret, always all of them, so that time tells nothing."""
        found = None
        for secret, identity in self._known:
            if secrets.compare_digest(_bytes(given), secret):
                found = identity
        return found


def _bytes(text: str) -> bytes:
    """Return text of any kind as bytes: a form may hold halves of characters."""
    return text.encode(errors="surrogatepass")


def _page_user(connection: HTTPConnection) -> Identity | None:
    """Return who is logged in on the page in this browser; the page puts the look-up on the app."""
    look_up = getattr(connection.app.state, "page_user", None)
    name = look_up(connection) if look_up else None
    return Identity(name, is_admin=name == ADMIN) if name else None
