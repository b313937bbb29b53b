"""What a sentence quotes of an input, which may be megabytes: its beginning."""

from __future__ import annotations

import re

MAX_QUOTED_CHARS = 200
SHOWN_CHARS = 80
MAX_CHARS = 4_000
"""Of a whole sentence; one that lists the models has half as many."""

_QUOTED = re.compile(
    rf"""(?<!\w)'((?:[^'\\]|\\.){{{MAX_QUOTED_CHARS},}}?)'(?!\w)"""
    rf"""|(?<!\w)"((?:[^"\\]|\\.){{{MAX_QUOTED_CHARS},}}?)"(?!\w)""",
    re.DOTALL,
)
_RUN = re.compile(rf"\S{{{MAX_QUOTED_CHARS},}}")
"""A word as long as none is: what was quoted without marks."""


def shortened(message: str) -> str:
    """Return a sentence with every long quotation in it cut to its beginning and "…".

    Of a very long sentence the beginning and the end are kept: what was quoted is between them.
    """
    if len(message) <= MAX_QUOTED_CHARS:
        return message
    if len(message) > MAX_CHARS:
        head, tail = message[: MAX_CHARS // 2], message[-MAX_QUOTED_CHARS:]
        message = f"{head}…{tail}"
    return _RUN.sub(_cut, _QUOTED.sub(_cut, message))


def _cut(found: re.Match[str]) -> str:
    text = found[0]
    mark = text[0] if text[0] in "'\"" and text[0] == text[-1] else ""
    return f"{text[: SHOWN_CHARS + len(mark)]}…{mark}"
