"""The script that the engine reads from: what to say, what to show, how long to pause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from .markup import MarkupBlock, row_text, split_blocks, text_of
from .normalize import is_speakable, to_spoken, without_emoji
from .sentences import FIRST_MAX_CHARS, MAX_CHARS, cut_long, split_sentences

SENTENCE_PAUSE_S = 0.15
BLOCK_PAUSE_S = 0.45
"""After a paragraph, a heading, a list item."""
CLAUSE_PAUSE_S = 0.0
"""Where a long sentence was cut."""


@dataclass(frozen=True, slots=True)
class Line:
    """One piece to speak."""

    caption: str
    """As the user wrote it; all captions joined are the text."""
    spoken: str
    pause_s: float


def write_script(text: str, language: str = "en", normalize: bool = True) -> Iterator[Line]:
    """Cut a text into lines, as they are asked for.

    What cannot be spoken (a rule, an emoji) is shown with the line before it, or after if it is
    first. Yields nothing if nothing can be spoken.
    """
    held: Line | None = None
    prefix = ""
    for line in _raw_lines(text, language, normalize):
        if not is_speakable(line.spoken):
            if held is None:
                prefix += line.caption
            else:
                pause_s = max(held.pause_s, line.pause_s)
                held = replace(held, caption=held.caption + line.caption, pause_s=pause_s)
            continue
        if held is not None:
            yield held
        held, prefix = replace(line, caption=prefix + line.caption), ""
    if held is not None:
        yield held


def _raw_lines(text: str, language: str, normalize: bool) -> Iterator[Line]:
    blocks = split_blocks(text) if normalize else _paragraphs(text)
    max_chars = FIRST_MAX_CHARS
    for block in blocks:
        if block.kind != "text":
            yield Line(block.source, _spoken_block(block, language), BLOCK_PAUSE_S)
            continue
        for line in _text_lines(block.source, language, max_chars, _speaker(language, normalize)):
            yield line
            if is_speakable(line.spoken):
                max_chars = MAX_CHARS


def _paragraphs(text: str) -> Iterable[MarkupBlock]:
    return (MarkupBlock("text", line) for line in text.splitlines(keepends=True))


def _speaker(language: str, normalize: bool) -> Callable[[str], str]:
    if normalize:
        return lambda source: to_spoken(text_of(source), language)
    return lambda source: " ".join(without_emoji(source).split())


def _text_lines(
    source: str, language: str, max_chars: int, speak: Callable[[str], str]
) -> Iterator[Line]:
    sentences = split_sentences(source, language)
    for number, sentence in enumerate(sentences, start=1):
        pieces = cut_long(sentence, max_chars)
        max_chars = MAX_CHARS
        for piece in pieces[:-1]:
            yield Line(piece, speak(piece), CLAUSE_PAUSE_S)
        pause_s = BLOCK_PAUSE_S if number == len(sentences) else SENTENCE_PAUSE_S
        yield Line(pieces[-1], speak(pieces[-1]), pause_s)


def _spoken_block(block: MarkupBlock, language: str) -> str:
    if block.kind == "row":
        return to_spoken(row_text(block.source), language)
    if block.kind == "code":
        num_lines = max(1, len(block.source.strip().splitlines()) - 2)
        return f"{block.language} code, {num_lines} lines.".strip()
    return ""
