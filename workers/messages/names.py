"""What a question or an answer names. Pure."""

from __future__ import annotations

import re

_NAME = re.compile(r"(?<!^)(?<![.?!:] )(?<!\w)[^\W\d_][\w/.+-]*")
_ENGLISH = frozenset(
    "the is are does do did what how who when where which why can of and by with from were has".split()
)


def names_in(text: str) -> list[str]:
    """Return what a text names: "Redis", "HTTP/3", "DataFrame.apply"; not its first word.

    A capital at the beginning alone makes a name only in a text with English words: German writes every
    noun so.
    """
    is_english = not _ENGLISH.isdisjoint(re.findall(r"\w+", text.lower()))
    found = (word.rstrip(".-/+").removesuffix("'s") for word in _NAME.findall(text.strip()))
    return list(dict.fromkeys(word for word in found if _is_name(word, is_english=is_english)))


def _is_name(word: str, *, is_english: bool) -> bool:
    if len(word) < 2:
        return False
    has_capitals_inside = any(letter.isupper() for letter in word[1:])
    has_digits = any(letter.isdigit() for letter in word)
    return has_capitals_inside or (word[0].isupper() and (is_english or has_digits))
