"""Other ways to write a model's name: Ollama's tags, and any case. Pure functions."""

from __future__ import annotations

from collections.abc import Collection

LATEST = ":latest"
"""The tag that Ollama's clients put after a name without one."""


def spelled(name: str, ids: Collection[str]) -> str | None:
    """Return the id that a name means: as it is written, without its tag, or with a hyphen before it.

    `Qwen3:0.6B` is `qwen3-0.6b`. None if no id is meant.
    """
    bare = name.removesuffix(LATEST)
    tagged = bare.replace(":", "-")
    for spelling in (name, bare, tagged):
        if spelling in ids:
            return spelling
    folded = {bare.casefold(), tagged.casefold()}
    return next((known for known in ids if known.casefold() in folded), None)
