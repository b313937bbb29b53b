"""Which methods a path knows. The page stands behind every route and would take all the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from starlette.routing import BaseRoute, Match, Mount
from starlette.types import Scope

from api.core.errors import MethodNotAllowedError

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def is_of_page(scope: Scope) -> bool:
    """Return whether no route of ours has the path, so that it falls to the page."""
    return not any(match is not Match.NONE for match in _matches(scope))


def routed(scope: Scope) -> Scope:
    """Return the scope to find a route with: HEAD becomes GET, the server leaves out the body.

    Raises: MethodNotAllowedError naming the methods that the path knows.
    """
    if _is_known(scope) or scope["method"] == "OPTIONS" or is_of_page(scope):
        return scope
    known = [method for method in METHODS if _is_known({**scope, "method": method})]
    if scope["method"] == "HEAD" and "GET" in known:
        return {**scope, "method": "GET"}
    raise MethodNotAllowedError.of(scope["method"], scope["path"], known)


def _is_known(scope: Scope) -> bool:
    return any(match is Match.FULL for match in _matches(scope))


def _matches(scope: Scope) -> Iterator[Match]:
    """Yield how each of our routes matches; the page is what is mounted at the root."""
    routes: Sequence[BaseRoute] = scope["app"].routes
    for route in routes:
        if not (isinstance(route, Mount) and route.path == ""):
            yield route.matches(scope)[0]
