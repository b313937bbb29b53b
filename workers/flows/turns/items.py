"""Which items does a list have that a model wrote? Pure text: models mark lists in many ways."""

from __future__ import annotations

import re

_MARK = re.compile(
    r"^[ \t>]*(?:#{1,6}[ \t]+)?\**"
    r"(?:[-*+•‣▪–—](?=[ \t])|\(?\d{1,3}[.):、．](?=[ \t*_]|[^\W\d_])|(?:Step|Schritt)[ \t]+\d{1,3}[.:)]?(?=[ \t*]))"
    r"[ \t]*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:(?<=\s)|^)\(?(\d{1,3})[.)][ \t]+(?=\S)")
_SECOND = re.compile(r"[ \t>]*\**\(?2[.)]")
_BOX = re.compile(r"^\[[ xX]\][ \t]+")
_MIN_IN_A_LINE = 2
"""One number in the middle of a sentence begins no list."""


def items_of(text: str) -> tuple[str, ...]:
    """Return the items of every list in a text, in order, without their marks; nested ones too.

    Bullets, numbers, "Step 1:", boxes to tick, and lists that stand in one line: "1. a 2. b".
    """
    lines = text.splitlines()
    has_second = any(_SECOND.match(line) for line in lines)  # so the first one is alone in its line
    return tuple(item for line in lines for item in _items_in(line, is_one=has_second))


def _items_in(line: str, *, is_one: bool) -> list[str]:
    in_a_row = [] if is_one else _in_a_row(line)
    if in_a_row:
        return in_a_row
    mark = _MARK.match(line)
    item = _plain(line[mark.end() :], line) if mark else ""
    return [item] if item else []


def _in_a_row(line: str) -> list[str]:
    """Return the items of a list within one line, whose numbers count up from 1."""
    starts: list[re.Match[str]] = []
    for number in _NUMBER.finditer(line):
        if int(number[1]) == len(starts) + 1:
            starts.append(number)
    if len(starts) < _MIN_IN_A_LINE:
        return []
    ends = [number.start() for number in starts[1:]] + [len(line)]
    pieces = [line[start.end() : end] for start, end in zip(starts, ends, strict=True)]
    items = [piece.strip().rstrip(",;") for piece in pieces]
    return [item for item in items if item]


def _plain(item: str, line: str) -> str:
    """Return an item without a box, and without the rest of marks that the whole line was set in."""
    item = _BOX.sub("", item.strip())
    if not any(sign.isalnum() for sign in item):
        return ""
    is_bold_around = line.lstrip(" \t>#").startswith("**") and item.count("**") % 2
    return item.replace("**", "", 1).strip() if is_bold_around else item
