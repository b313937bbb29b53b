"""One running Quintet for every test of a session that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import App, start_app, stop_app


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = start_app(tmp_path_factory.mktemp("app"))
    yield running
    stop_app(running)
