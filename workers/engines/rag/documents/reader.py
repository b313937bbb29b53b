"""Chooses the reader by what a file contains; its name only decides between kinds of plain text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePath

from workers.messages.amounts import fine_size_words
from workers.messages.errors import UnsupportedInputError

from .opening import open_source
from .section import OpenDocument, Section
from .source import DocumentLimits, Reading, Source, log

__all__ = ["DocumentLimits", "open_document"]


def open_document(
    name: str,
    data: bytes,
    limits: DocumentLimits,
    progressed: Callable[[], None] = lambda: None,
) -> OpenDocument:
    """Recognise a file and open it; `progressed` is called while nothing comes of it yet.

    What is wrong with the file may also be found while its sections are read.
    Raises: UnsupportedInputError.
    """
    if not data:
        raise UnsupportedInputError(f"{name} is empty (0 bytes).")
    if len(data) > limits.max_bytes:
        raise UnsupportedInputError(
            f"{name} has {fine_size_words(len(data))}; at most "
            f"{fine_size_words(limits.max_bytes)} are read.",
            hint="Split it into smaller files.",
        )
    reading = Reading(name, limits, progressed)
    source = Source(name=name, data=data, limits=limits, reading=reading)
    with reading.timed():
        try:
            opened = open_source(source)
        except Exception as err:
            raise _explained(name, err) from err
    return replace(opened, sections=_timed(source, opened), lost=reading.lost)


def _timed(source: Source, opened: OpenDocument) -> Iterator[Section]:
    """Pass sections on; only what it takes to read them is counted, not what is done with them."""
    while True:
        with source.reading.timed():
            try:
                if opened.num_pages is None:  # a page may be read by OCR, as long as that takes
                    source.reading.step()
                section = next(opened.sections, None)
            except Exception as err:
                raise _explained(source.name, err) from err
        if section is None:
            return
        yield section


def _explained(name: str, err: Exception) -> UnsupportedInputError:
    """Return the sentence for whatever a parser makes of a file that no program has written."""
    if isinstance(err, UnsupportedInputError):
        return err
    log.warning("%s cannot be read", PurePath(name).suffix, exc_info=err)
    if isinstance(err, RecursionError):
        return UnsupportedInputError(f"{name} is nested too deeply to be read.")
    return UnsupportedInputError(
        f"{name} is damaged and cannot be read: {type(err).__name__}.",
        hint="Open it in its program and save it again.",
    )
