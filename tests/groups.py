"""Which tests pytest-xdist keeps in one process: those around one fleet of processes.

What is asked for by many is then started once, not once per process: `app` with what uses it, the
servers that ask who comes, the pool without a server. All else goes by its folder, whose tests share
an engine in their own process.
"""

from __future__ import annotations

import pytest

FLEETS = {
    "served": "app",
    "locked_app": "doors",
    "public_app": "doors",
    "doors": "doors",
    "app": "app",
    "client": "client",
}
"""Fixture → its group; of several the first counts."""

SHARED = ("tests.apps", "tests.contracts.conftest")
"""Where the fixtures of `FLEETS` are; others of the same name are their module's own."""


def group_of(item: pytest.Item) -> str:
    shared = getattr(item, "_fixtureinfo", None)
    for name, group in FLEETS.items():
        definitions = shared.name2fixturedefs.get(name) if shared else None
        if definitions and (name == "served" or definitions[-1].func.__module__ in SHARED):
            return group
    return str(item.path.parent)
