"""Where in a document something stands, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping

_NAMED = ("message", "chapter", "page", "slide", "sheet", "attachment")
_BARE = ("time", "part")
"""Their value says what it is: "0:01:05–0:01:30", "header"."""


def place_words(page: int | None, place: Mapping[str, str]) -> str:
    """Return for example "page 7", "slide 3", "attachment rivers.csv", "0:01:05–0:01:30"; "" for none."""
    words = [f"page {page}"] if page else []
    for key, value in place.items():
        if key in _NAMED:
            words.append(f"{key} {value}")
        elif key in _BARE:
            words.append(value)
    return ", ".join(words)


def place_in(document: str, page: int | None, place: Mapping[str, str]) -> str:
    """Return for example "handbook.pdf, page 7"; the name alone where the place says nothing."""
    return ", ".join(filter(None, (document, place_words(page, place))))
