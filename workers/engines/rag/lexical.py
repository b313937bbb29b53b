"""What of a text goes into the word index, and which words of a question are looked up there."""

from __future__ import annotations

import re

_COMMON = """
    a an and are as at be by can did do does for from had has have how i in is it its may me my of on
    or our should that the their there they this to was we were what when where which who whom why
    will with would you your"""
STOP_WORDS = frozenset(_COMMON.split())
"""In a small collection BM25 takes even these for rare, and lets them decide."""
MAX_WORDS = 64
"""Of a question; more would only make it slow."""
_WORD = re.compile(r"\w+")


def parts_of(text: str) -> str:
    """Return the parts of a text's identifiers: "max_open HttpError sha256" → "max open Http Error sha 256".

    Words that are no identifiers are left out: they are in the index as they stand.
    """
    split = (_split(word) for word in _WORD.findall(text) if _may_split(word))
    return " ".join(" ".join(parts) for parts in split if len(parts) > 1)


def _may_split(word: str) -> bool:
    """Most words have no case inside, no digit and no underscore, and need no closer look."""
    return not word.isalpha() or not (word.islower() or word[1:].islower() or word.isupper())


def _split(word: str) -> list[str]:
    """Cut where a capital follows a small letter or precedes one, and around digits and underscores."""
    parts: list[str] = []
    before = "_"
    for at, letter in enumerate(word):
        after = word[at + 1 : at + 2]
        is_new = (
            before == "_"
            or before.isdigit() != letter.isdigit()
            or (letter.isupper() and (not before.isupper() or after.islower()))
        )
        if letter != "_":
            parts += [""] if is_new else []
            parts[-1] += letter
        before = letter
    return parts


def title_of(name: str) -> str:
    """Return a file's name as words: "read_me-first.md" → "read me first md", the name's parts after it."""
    return f"{' '.join(_WORD.findall(name.replace('_', ' ')))} {parts_of(name)}".strip()


def query_words(query: str) -> list[str]:
    """Return the words to look up, each once, lower case; the parts of identifiers among them."""
    words = _WORD.findall(query) + parts_of(query).split()
    kept = dict.fromkeys(word.lower() for word in words)
    return [word for word in kept if word not in STOP_WORDS][:MAX_WORDS]
