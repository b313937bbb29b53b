"""What records are called: ids that can be typed, names that stand once in a list."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

MAX_ID = 60
_BETWEEN = re.compile(r"[^a-z0-9]+")


def id_from(name: str, taken: Container[str], fallback: str) -> str:
    """Return a name as an id that nobody has: `My tutor` → `my-tutor`, then `my-tutor-2`.

    `fallback` is for names without a Latin letter or a digit.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = _BETWEEN.sub("-", plain)[:MAX_ID].strip("-") or fallback
    return _first_free(stem, "-", taken)


def free_name(name: str, taken: Container[str]) -> str:
    """Return a name that no other has: `Tutor`, then `Tutor 2`."""
    return _first_free(name, " ", taken)


def _first_free(stem: str, between: str, taken: Container[str]) -> str:
    found, number = stem, 1
    while found in taken:
        number += 1
        found = f"{stem}{between}{number}"
    return found
