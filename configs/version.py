"""Which Quintet this is."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def version() -> str:
    """Return the version of the checkout, or of the installed package."""
    if PROJECT.is_file():
        found = re.search(r'(?m)^version = "([^"]+)"', PROJECT.read_text(encoding="utf-8"))
        if found:
            return found[1]
    from importlib import metadata  # slow, and seldom needed

    return metadata.version("quintet")
