"""How Gradio runs the page's events: two presets instead of the same options at each one."""

from __future__ import annotations

from typing import Any

AT_ONCE = 16
"""Requests of one tab that are under way together; the pool does the queueing."""

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""No spinner of Gradio's (the page has its own lines), no endpoint for programs."""

LIGHT: dict[str, Any] = {"queue": False, **QUIET}
"""Done in milliseconds: never waits behind anything."""


def long_work(name: str, *, at_once: int = AT_ONCE) -> dict[str, Any]:
    """Return the options of an event that streams; `at_once` of those with this name run together."""
    return {"concurrency_id": name, "concurrency_limit": at_once, **QUIET}
