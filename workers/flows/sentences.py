"""An answer as sentences with their marks, and a passage as sentences. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

HEADING_WORDS = 8
MARK = re.compile(r"\[(\d{1,2})\]")
_MARKS = re.compile(r" ?\[\d{1,2}\]")
_GAP = re.compile(r"(?<=[.!?])(?:\s*\[\d{1,2}\])*\s+(?!\[\d{1,2}\])|\n+")
"""Where a sentence ends; its marks may come after the full stop."""
_CLAIM = re.compile(r"[^\W\d_]{2,}|\d+\D*\d")
_ABOUT_DOCUMENTS = re.compile(
    r"\b(?:passages?|documents?|texts?|context)\b.{0,40}\b(?:not|no|n[o’']t|don[’']t|doesn[’']t)\b",
    re.IGNORECASE,
)
"""The answer says what the documents lack: no passage can say that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One piece of an answer; all of them, put together, are the answer."""

    raw: str
    """As it stands, with the white space before it."""
    is_claim: bool
    """Whether it says something: not a heading, a question, code, or a mere number of a list."""

    @property
    def text(self) -> str:
        """Return its words, without marks and outer white space."""
        return _MARKS.sub("", self.raw).strip()

    @property
    def marks(self) -> tuple[int, ...]:
        """Return the numbers it has, each once."""
        return tuple(dict.fromkeys(int(number) for number in MARK.findall(self.raw)))


def sentences_of(answer: str) -> list[Sentence]:
    """Return an answer's sentences, in order."""
    found: list[Sentence] = []
    is_code = False
    for raw in _pieces(answer):
        begins = raw.strip().startswith(("```", "~~~"))
        is_claim = not (begins or is_code) and _says_something(_MARKS.sub("", raw).strip())
        found.append(Sentence(raw=raw, is_claim=is_claim))
        is_code = is_code != begins
    return found


def passage_sentences(text: str) -> list[str]:
    """Return a passage's sentences, without headings; a line break inside one is no end of it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    joined = " ".join(line for at, line in enumerate(lines) if not _is_heading(lines, at))
    return [piece.strip() for piece in _pieces(joined) if _CLAIM.search(piece)]


def _is_heading(lines: list[str], at: int) -> bool:
    """Whether a line is short, without a full stop, and stands between whole sentences."""
    line, is_first = lines[at], at == 0
    if line.startswith("#"):
        return True
    is_short = len(line.split()) <= HEADING_WORDS and line[-1] not in ".!?:;,"
    begins = is_first or lines[at - 1][-1] in ".!?:"
    is_followed = at + 1 < len(lines) and lines[at + 1][0].isupper()
    return is_short and begins and is_followed and (line[0].isupper() or line[0].isdigit())


def _says_something(text: str) -> bool:
    if text.endswith(("?", ":")) or text.startswith("#") or _ABOUT_DOCUMENTS.search(text):
        return False
    return bool(_CLAIM.search(text))


def _pieces(text: str) -> Iterator[str]:
    """Yield a text cut before the gaps between sentences; "1." goes with what follows it, a fence stands alone."""
    start = 0
    for gap in _GAP.finditer(text):
        end = gap.end() - len(gap[0]) + len(gap[0].rstrip())
        if end > start and re.search(r"[^\W\d_]|```|~~~", text[start:end]):
            yield text[start:end]
            start = end
    if start < len(text):
        yield text[start:]
