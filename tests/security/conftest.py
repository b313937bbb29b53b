"""The running server, with and without a password, and somebody who may see its page."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.running import App, start_app, stop_app

from .gradio_door import Visitor

PASSWORD = "a password for the tests"


@pytest.fixture(scope="session")
def locked_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = start_app(
        tmp_path_factory.mktemp("locked"),
        QUINTET_SERVER__PASSWORD=PASSWORD,
        QUINTET_SERVER__USERNAME="somebody",
    )
    yield running
    stop_app(running)


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
            login = {"username": "somebody", "password": PASSWORD}
            http.post("/login", data=login).raise_for_status()
        yield Visitor(http)
