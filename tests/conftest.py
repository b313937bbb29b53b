"""What every test may ask for, and what its markers ask of the machine."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

from tests.apps import app as app
from tests.apps import client as client
from tests.apps import fake_app as fake_app
from tests.apps import locked_app as locked_app
from tests.apps import public_app as public_app
from tests.collected import COLLECTED, Collected
from tests.doors import doors as doors
from tests.needs import check_needs, mark_by_fixtures
from workers.pool.threads import usable_cores, wait_policy

# Engines that are tested in this process wait for each other as briefly as in a worker: read when
# their libraries are loaded, which is later.
_POLICY = wait_policy(usable_cores())
os.environ.update({name: _POLICY[name] for name in ("GOMP_SPINCOUNT", "KMP_BLOCKTIME")})

# Hypothesis gives an example 200 ms: a machine that has other things to do takes longer.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# A shell that starts us in the background lets us, and all that we start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the markers of its fixtures, before `-m` chooses."""
    for item in items:
        mark_by_fixtures(item)


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("xdist"):
        from tests import groups

        config.pluginmanager.register(groups)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note what reading the tests has cost; `tests/architecture/test_collection.py` looks at it."""
    session.config.stash[COLLECTED] = Collected.now()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look at what the test's markers ask for before its fixtures are made."""
    check_needs(item)
