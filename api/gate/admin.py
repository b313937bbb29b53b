"""Who is an admin: who shows an admin's password or key, or sits at a machine that is his alone.

The second only while nothing asks for a password and only this machine can call. The peer's address
does not tell that: a tunnel or proxy on this machine makes everybody's calls come from 127.0.0.1. So
whatever such programs add to a call ends the privilege, and a call must have been made to this
machine's name, by our own page or by a program. A bare TCP tunnel adds nothing; who opens one has to
set a password, as docs/access.md says.
"""

from __future__ import annotations

import ipaddress
import logging

import fastapi
from starlette.requests import HTTPConnection

from configs.server_settings import ServerSettings
from workers.messages.standing import Standing, standing_of

from .access import Access
from .origin import LOOPBACK, host_of, is_safe, is_same_site, name_of

log = logging.getLogger(__name__)

RELAYS = (
    "x-forwarded", "forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip",
    "true-client-ip", "x-original-", "x-envoy-", "x-amzn-", "x-proxy", "cf-", "cdn-loop", "ngrok-",
    "fastly-", "fly-", "tailscale-", "x-tunnel-", "x-arr-", "x-azure-", "x-cloud-trace",
)  # fmt: skip
"""What the headers' names begin with that proxies and tunnels add."""
HOW_TO_LOG_IN = "Log in at /admin with the admin's password, or send an admin's key."
HOW_TO_SET = (
    "Set server.admin_password (QUINTET_SERVER__ADMIN_PASSWORD=…) and log in at /admin, or use the "
    "command line on the machine itself."
)


class Admins:
    """Decides what each caller may do."""

    def __init__(self, server: ServerSettings, access: Access) -> None:
        self._server = server
        self._access = access
        self._is_own_machine = (
            server.host in LOOPBACK
            and not (server.share or server.open_to_network)
            and not (server.is_protected or server.has_admin_secret)
        )
        if not (self._is_own_machine or server.has_admin_secret):
            log.warning("Nobody may manage models and memory through the page. %s", HOW_TO_SET)

    def standing(self, connection: HTTPConnection) -> Standing:
        """Return what the caller of this connection may do."""
        if self._server.has_admin_secret:
            with_cookie = is_safe(connection) or is_same_site(connection)
            if self._access.shows_admin(connection, with_cookie=with_cookie):
                return Standing()
            return Standing(why_not="you are not logged in as one", how=HOW_TO_LOG_IN)
        if not self._is_own_machine:
            return Standing(
                why_not="others than this machine's user can call, and no admin's password is set",
                how=HOW_TO_SET,
            )
        strange = _strangeness(connection)
        return Standing(why_not=strange, how=HOW_TO_SET) if strange else Standing(is_here=True)


def allow_admin(action: str) -> fastapi.params.Depends:
    """Return the dependency of a route that only an admin may use; others get 403."""

    def check(request: HTTPConnection) -> None:
        standing_of(request.scope).check(action)

    dependency: fastapi.params.Depends = fastapi.Depends(check)
    return dependency


def _strangeness(connection: HTTPConnection) -> str:
    """Return why the call may be somebody else's than who sits here; "" if nothing says so."""
    relay = next((name for name in connection.headers if name.startswith(RELAYS)), None)
    if relay is not None:
        return f"the call came through a proxy or tunnel, which added {relay}"
    if connection.scope.get("http_version") == "1.0":
        return "the call came as HTTP/1.0, which only proxies send"
    if connection.client is None or not _is_loopback(connection.client.host):
        return "the call came from another machine"
    host = name_of(connection.headers.get("host", ""))
    origin = connection.headers.get("origin")
    if host not in LOOPBACK or (origin is not None and host_of(origin) not in LOOPBACK):
        return "the call was not made to this machine's own name"
    return "" if is_same_site(connection) else "the call was made by another site's page"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
