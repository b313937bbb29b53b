"""Which tests run in one process where there are several (`make test` has three).

A fleet that many tests ask for is started once, not once per process, and an engine that a folder's
tests load in their own process is loaded in one of them. pytest-xdist's marker `xdist_group` does
not work with today's pytest (it changes `_nodeid`, which is no longer read), so files say it.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

FLEETS = {
    "tests/api/test_gai_rag.py::test_a_password": "others",
    "tests/api/test_geniusrise.py::test_a_browser_may_ask_before_it_logs_in": "others",
    "tests/api/test_geniusrise.py::test_basic_authentication": "others",
    "tests/e2e/test_openai.py::test_the_pages_password": "others",
    "tests/e2e/test_process.py::test_a_password": "others",
    "tests/security/test_admin": "others",
    "tests/security/test_files.py::test_a_stranger": "others",
    "tests/security/test_page_bodies.py::test_a_stranger": "others",
    "tests/api/test_access.py": "others",
    "tests/api/test_gate.py": "others",
    "tests/api/test_limits.py": "others",
    "tests/api/test_localai.py": "others",
    "tests/api/test_mcp.py": "others",
    "tests/contracts": "others",
    "tests/api": "app",
    "tests/docs": "app",
    "tests/e2e": "app",
    "tests/faults": "app",
    "tests/security": "app",
    "tests/flows": "client",
    "tests/speed": "client",
    "tests/together": "client",
}
"""How a test's id begins → its group; the first that fits. `app`: what is open to this machine.
`others`: servers that ask who comes, or that stand in for an older system. `client`: the pool without
a server."""
BEHIND_A_PASSWORD = "[behind a password"
"""In the id of a test that runs once in front of `app` and once in front of `locked_app`."""


def group_of(nodeid: str) -> str:
    if BEHIND_A_PASSWORD in nodeid:
        return "others"
    folder = nodeid.partition("::")[0].rpartition("/")[0]
    return next((group for start, group in FLEETS.items() if nodeid.startswith(start)), folder)


class FleetScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands out whole groups, the one with the most tests first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FleetScheduling | None:
    """Unless the command names another way, as `make histories` does."""
    return FleetScheduling(config, log) if config.getoption("dist") == "load" else None
