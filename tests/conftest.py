"""One running Quintet for every test of a session that asks for it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.needs import check_needs, mark_by_fixtures
from tests.running import App, start_app, stop_app
from workers.pool.threads import usable_cores, wait_policy

# Engines that are tested in this process wait for each other as briefly as in a worker: read when
# their libraries are loaded, which is later.
_POLICY = wait_policy(usable_cores())
os.environ.update({name: _POLICY[name] for name in ("GOMP_SPINCOUNT", "KMP_BLOCKTIME")})


# A shell that starts us in the background lets us, and all that we start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the markers of its fixtures, before `-m` chooses."""
    for item in items:
        mark_by_fixtures(item)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look at what the test's markers ask for before its fixtures are made."""
    check_needs(item)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = start_app(tmp_path_factory.mktemp("app"))
    yield running
    stop_app(running)
