"""Tokens with the moments at which they begin → words and sentences with times. Runs no model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import sentencex

from workers.messages import Word

from .engine import Segment

MAX_TOKEN_S = 0.32
"""A token ends where the next one begins, and no later than this: the longest that NVIDIA's TDT models
say of one (four frames of 80 ms). The library gives no ends."""
MAX_PAUSE_S = 0.5
"""A longer one ends a segment: voice detection leaves 0.8 s where it drops silence, of which the end of
a word may take up to `MAX_TOKEN_S`."""
MAX_SEGMENT_S = 15.0
"""Of one without full stops: more would be unreadable as a subtitle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardTokens:
    """What a recogniser heard in one window."""

    text: str
    tokens: Sequence[str]
    """Joined together they are the text, but for white space."""
    starts_s: Sequence[float]
    """When each begins, counted from the window's start; they never run backwards."""
    logprobs: Sequence[float]
    """Natural logarithms of how sure it was of each."""
    duration_s: float
    """Of the window."""


def words_of(heard: HeardTokens) -> list[Word]:
    """Return the words of the text, in order. Raises: ValueError if the tokens are not the text's."""
    letters = [n for n, token in enumerate(heard.tokens) for sign in token if not sign.isspace()]
    if len(letters) != len("".join(heard.text.split())):
        raise ValueError(f"{len(letters)} letters in tokens do not make {heard.text[:60]!r}")
    words: list[Word] = []
    at = 0
    for text in heard.text.split():
        first, last = letters[at], letters[at + len(text) - 1]
        at += len(text)
        mean = sum(heard.logprobs[first : last + 1]) / (last + 1 - first)
        words.append(
            Word(
                start_s=min(heard.starts_s[first], heard.duration_s),
                end_s=_end_s(heard, last),
                text=text,
                probability=math.exp(min(mean, 0.0)),
            )
        )
    return words


def segments_of(words: Sequence[Word], language: str) -> Iterator[Segment]:
    """Yield sentences, cut where somebody is silent or goes on for too long.

    `language`: ISO 639-1 code; "": not known, full stops are those of English.
    """
    for sentence in _sentences(words, language):
        for spoken in _cut_at_pauses(sentence):
            for piece in _cut_to_length(spoken):
                yield Segment(
                    start_s=piece[0].start_s,
                    end_s=piece[-1].end_s,
                    text=" ".join(word.text for word in piece),
                    words=tuple(piece),
                )


def _end_s(heard: HeardTokens, last: int) -> float:
    start_s = heard.starts_s[last]
    later = (moment_s for moment_s in heard.starts_s[last + 1 :] if moment_s > start_s)
    return min(next(later, math.inf), start_s + MAX_TOKEN_S, max(heard.duration_s, start_s))


def _sentences(words: Sequence[Word], language: str) -> Iterator[Sequence[Word]]:
    at = 0
    text = " ".join(word.text for word in words)
    for sentence in sentencex.segment(language or "en", text):
        num_words = len(sentence.split())
        if num_words:
            yield words[at : at + num_words]
        at += num_words


def _cut_at_pauses(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    first = 0
    for number, (before, after) in enumerate(pairwise(words), start=1):
        if after.start_s - before.end_s > MAX_PAUSE_S:
            yield words[first:number]
            first = number
    yield words[first:]


def _cut_to_length(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Cut at the longest pause, again and again, until each piece is short enough."""
    if len(words) < 2 or words[-1].end_s - words[0].start_s <= MAX_SEGMENT_S:
        yield words
        return
    middle = len(words) / 2
    at = max(
        range(1, len(words)),
        key=lambda n: (words[n].start_s - words[n - 1].end_s, -abs(n - middle)),
    )
    yield from _cut_to_length(words[:at])
    yield from _cut_to_length(words[at:])
