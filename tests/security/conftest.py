"""The running server, with and without a password, and somebody who may see its page."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.apps import PASSWORD
from tests.running import App

from .gradio_door import Visitor


@pytest.fixture(scope="module", params=["open", "behind a password"])
def served(request: pytest.FixtureRequest) -> App:
    """A server without a password, then one with."""
    running: App = request.getfixturevalue("app" if request.param == "open" else "locked_app")
    return running


@pytest.fixture(scope="module")
def visitor(served: App) -> Iterator[Visitor]:
    """Somebody at the page, logged in where that is asked."""
    with httpx.Client(base_url=served.url, timeout=120) as http:
        if http.get("/config").status_code == 401:
            login = {"username": "quintet", "password": PASSWORD}
            http.post("/login", data=login).raise_for_status()
        yield Visitor(http)
