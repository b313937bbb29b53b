"""Sections → chunks that fit the embedder, with their headings and page numbers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from workers.messages import Metadata

from .documents.section import Section

MAX_TOKENS = 200
"""Per chunk, headings included: below the 256 that MiniLM reads, so that nothing is cut off."""
MIN_TOKENS = 60
"""Smaller neighbours on one page are put together: a lone line says too little."""
OVERLAP_TOKENS = 30
_HEADING_CHARS = 160

CountTokens = Callable[[str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A chunk before it has a name."""

    page: int | None
    text: str
    place: Metadata = ()

    @property
    def sha256(self) -> str:
        """Of the text, hexadecimal: equal slices need only one embedding."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def slices(sections: Iterable[Section], count_tokens: CountTokens) -> Iterator[Slice]:
    """Cut sections into slices of at most MAX_TOKENS, small neighbours on one page joined."""
    held: Slice | None = None
    for section in sections:
        for piece in _cut(section, count_tokens):
            if held is None:
                held = piece
                continue
            joined = replace(held, text=f"{held.text}\n\n{piece.text}")
            is_small = min(count_tokens(held.text), count_tokens(piece.text)) < MIN_TOKENS
            fits = count_tokens(joined.text) <= MAX_TOKENS
            is_there = (held.page, held.place) == (piece.page, piece.place)
            if is_there and is_small and fits:
                held = joined
                continue
            yield held
            held = piece
    if held is not None:
        yield held


def _cut(section: Section, count_tokens: CountTokens) -> list[Slice]:
    from semchunk.semchunk import chunk

    text = section.text.strip()
    if not text:
        return []
    heading = " > ".join(section.headings)[-_HEADING_CHARS:]
    room = MAX_TOKENS - OVERLAP_TOKENS - (count_tokens(heading) if heading else 0)
    found = chunk(text, room, count_tokens, memoize=True, cache_maxsize=4096)
    parts = [part for part in found if isinstance(part, str)]
    return [
        Slice(
            page=section.page,
            text=f"{heading}\n{part}" if heading else part,
            place=section.place,
        )
        for part in _overlapping(parts, count_tokens)
    ]


def _overlapping(parts: list[str], count_tokens: CountTokens) -> list[str]:
    """Begin each part with the last sentence of the one before, if that is short.

    semchunk's own overlap cuts everything into overlap-sized pieces, in the middle of sentences.
    """
    tails = [re.split(r"(?<=[.!?])\s+", part)[-1] for part in parts[:-1]]
    return parts[:1] + [
        f"{tail} {part}" if count_tokens(tail) <= OVERLAP_TOKENS else part
        for tail, part in zip(tails, parts[1:], strict=True)
    ]
