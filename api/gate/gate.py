"""The gate in front of every route: name, origin, standing, identity, limits; then the watched route.

It refuses before the body is read, in the words of the dialect that the path belongs to. What only
the page serves is left to the page's own login, which asks the same `Access`.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.core.dialect import Dialect, dialect_of
from api.core.errors import TooLargeError, TooManyRequestsError, UnauthorizedError, headers_of
from api.gate.admin import Admins
from api.gate.deadline import deadline_of
from api.gate.refusal import answer
from configs.server_settings import ServerSettings
from workers.messages.deadline import set_deadline
from workers.messages.errors import AppError, TimedOutError
from workers.messages.standing import KEY

from .access import ANYONE, Access, Identity
from .bodies import (
    MAX_PAGE_MIB,
    MAX_STRANGER_MIB,
    is_form,
    is_page_upload,
    max_body_mib,
)
from .disconnect_watcher import DisconnectWatcher
from .limits import COUNTED_INSIDE, KeyLimits
from .methods import is_of_page, routed
from .origin import Origins, is_safe, is_same_site

OPEN_PATHS = ("/", "/healthz", "/readyz", "/admin")
"""What a supervisor asks, which has no key and learns nothing that needs one; and where an admin
logs in. The page at the root asks for its own login."""


class Gate:
    """ASGI middleware."""

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        origins: Origins,
        limits: KeyLimits,
        dialects: Sequence[Dialect],
        server: ServerSettings,
    ) -> None:
        self._app = app
        self._access = access
        self._admins = Admins(server, access)
        self._origins = origins
        self._dialects = dialects
        self._limits = limits
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            identity = self._admit(connection)
            if scope["type"] == "http":
                scope = routed(scope)
        except AppError as err:
            await self._refuse(err, scope, receive, send)
            return
        if identity is not None and scope.get("method") == "OPTIONS":
            await Response()(scope, receive, send)  # CORS has answered the browsers' own before
        elif scope["type"] == "websocket" or is_safe(connection):
            await self._app(scope, receive, send)
        elif identity is None:
            await self._bounded(connection)(scope, receive, send)
        else:
            await self._work(identity, scope, receive, send)

    def _admit(self, connection: HTTPConnection) -> Identity | None:
        """Return who calls; None where nobody needs to be known. Raises: AppError."""
        self._origins.check(connection)
        scope = connection.scope
        scope.setdefault("state", {})[KEY] = self._admins.standing(connection)
        if scope["path"] in OPEN_PATHS or is_of_page(scope):
            self._check_length(connection, self._max_page_mib(connection))
            return None
        if scope.get("method") == "OPTIONS":
            return ANYONE
        with_cookie = is_safe(connection) or is_same_site(connection)
        identity = self._access.identify(connection, with_cookie=with_cookie)
        deadline = deadline_of(connection)
        if scope["type"] == "http" and deadline is not None:  # a socket is no request that ends
            set_deadline(deadline)
        scope.setdefault("state", {}).update(identity=identity, deadline=deadline)
        self._check_length(connection, max_body_mib(connection, self._server))
        return identity

    def _check_length(self, connection: HTTPConnection, max_mib: float | None) -> None:
        """Raises: TooLargeError by what the body says of itself; what says nothing is counted."""
        length = connection.headers.get("content-length", "")
        if max_mib is not None and length.isdigit() and int(length) > _num_bytes(max_mib):
            what = "files" if is_form(connection) else "JSON"
            raise TooLargeError(
                f"The body has {int(length) / 2**20:.0f} MiB; {what} may have {max_mib:g} MiB."
            )

    def _max_page_mib(self, connection: HTTPConnection) -> float | None:
        """Return how much the page may be sent: it reads the body before it asks who sends it.

        None for files, of which the page asks that first, and bounds each.
        """
        if is_page_upload(connection):
            return None
        try:
            self._access.identify(connection)
        except UnauthorizedError:
            return MAX_STRANGER_MIB
        return MAX_PAGE_MIB

    def _bounded(self, connection: HTTPConnection) -> ASGIApp:
        """Return the application for what falls to the page."""
        max_mib = self._max_page_mib(connection)
        if max_mib is None:
            return self._app
        return RequestBodyLimitMiddleware(self._app, _num_bytes(max_mib))

    async def _work(self, identity: Identity, scope: Scope, receive: Receive, send: Send) -> None:
        watcher = DisconnectWatcher(receive)
        max_mib = max_body_mib(HTTPConnection(scope), self._server)
        bounded = RequestBodyLimitMiddleware(self._app, _num_bytes(max_mib))
        if scope["path"] in COUNTED_INSIDE:
            identity = ANYONE
        async with watcher.watch():
            try:
                async with self._limits.slot(identity, scope["state"]["deadline"]):
                    await bounded(scope, watcher.receive, watcher.send_through(send))
            except (TooManyRequestsError, TimedOutError) as err:
                await self._refuse(err, scope, receive, send)

    async def _refuse(self, error: AppError, scope: Scope, receive: Receive, send: Send) -> None:
        response = dialect_of(scope["path"], self._dialects).on_error(error)
        response.headers.update(headers_of(error))
        await answer(response, scope, receive, send)


def _num_bytes(max_mib: float) -> int:
    """Return the size of a body with so much in it, as base64, and what stands around it."""
    return int((max_mib * 4 / 3 + 1) * 2**20)
