"""Where a text may be cut so that it can be spoken piece by piece.

The pieces joined together are the text, character for character: captions depend on it.
"""

from __future__ import annotations

import re

import sentencex

FIRST_MAX_CHARS = 120
"""The first piece is short, so that something is heard soon."""
MAX_CHARS = 200
"""About 13 s of speech: longer ones cost memory and sound no better."""

_CLAUSE_END = re.compile(r"[;:,—–。，；：、)\]]['\"”’]?\s*(?=\S)|\s[-–—]\s")
_LABEL = re.compile(r"\s*[(\[]?\w{1,3}[.)\]]+\s*")
"""A list number that the splitter took for a sentence: "1." or "(b)"."""


def split_sentences(text: str, language: str = "en") -> list[str]:
    """Cut a paragraph into sentences, each with the white space that follows it."""
    sentences: list[str] = []
    for sentence in sentencex.segment(language, text):
        if sentences and (_LABEL.fullmatch(sentences[-1]) or not sentence.strip()):
            sentences[-1] += sentence
        else:
            sentences.append(sentence)
    return sentences


def cut_long(sentence: str, max_chars: int) -> list[str]:
    """Cut a sentence that is longer than `max_chars` at clause ends, else between words."""
    pieces: list[str] = []
    rest = sentence
    while len(rest.rstrip()) > max_chars:
        at = _best_cut(rest, max_chars)
        pieces.append(rest[:at])
        rest = rest[at:]
    return [*pieces, rest]


def _best_cut(text: str, max_chars: int) -> int:
    """Return how many characters to speak first: up to a clause end in the last two thirds."""
    ends = [match.end() for match in _CLAUSE_END.finditer(text, 0, max_chars)]
    if ends and ends[-1] >= max_chars // 3:
        return ends[-1]
    spaces = [match.end() for match in re.finditer(r"\s+", text[:max_chars])]
    if spaces and spaces[-1] >= max_chars // 3:
        return spaces[-1]
    return max_chars
