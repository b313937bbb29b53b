"""Files that have pages to be looked at, kept with the collection that holds them, and what OCR found where.

Beside the vectors, a folder for each collection; a file goes with its document. More than `MAX_BYTES` in
all are not kept: then a page cannot be shown, and adding the document says so.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from workers.messages import PageText
from workers.messages.amounts import size_words

from .disk import RESERVE_MIB

log = logging.getLogger("quintet.rag")

MAX_BYTES = 8_000_000_000
"""Of all collections together."""
NOT_KEPT = "Its pages cannot be shown later: {reason}."

Box = tuple[float, float, float, float]
"""left, top, width, height as shares of the page, [0, 1]."""


class Originals:
    """The folder `originals` beside the index."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(
        self, space: str, document_id: str, data: bytes, texts: Sequence[PageText] = ()
    ) -> str:
        """Keep a file; returns why it is not kept, as a sentence, or ""."""
        path = self._path(space, document_id)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if reason := self._why_not(len(data)):
                return NOT_KEPT.format(reason=reason)
            part = path.with_suffix(".part")
            part.write_bytes(data)
            part.replace(path)
            if texts:
                path.with_suffix(".json").write_text(json.dumps(_placed(texts)), encoding="utf-8")
        except OSError as err:
            log.warning("the file of a document is not kept: %s", err)
            self.remove(space, document_id)
            return NOT_KEPT.format(reason=err.strerror or type(err).__name__)
        return ""

    def read(self, space: str, document_id: str) -> bytes | None:
        """Return a file; None if it is not kept."""
        try:
            return self._path(space, document_id).read_bytes()
        except OSError:
            return None

    def lines(self, space: str, document_id: str, page: int) -> list[tuple[str, Box]]:
        """Return what OCR has found on a page, from 1, line by line; nothing for other pages."""
        try:
            kept = json.loads(
                self._path(space, document_id).with_suffix(".json").read_text("utf-8")
            )
            return [(str(text), (a, b, c, d)) for text, (a, b, c, d) in kept.get(str(page), [])]
        except (OSError, ValueError, TypeError, AttributeError):
            return []

    def remove(self, space: str, document_id: str) -> None:
        """Forget the file of a document."""
        path = self._path(space, document_id)
        for one in (path, path.with_suffix(".json"), path.with_suffix(".part")):
            with suppress(OSError):
                one.unlink(missing_ok=True)

    def remove_space(self, space: str) -> None:
        """Forget the files of a collection."""
        shutil.rmtree(self._folder / space, ignore_errors=True)

    def _path(self, space: str, document_id: str) -> Path:
        return self._folder / space / document_id

    def _why_not(self, num_bytes: int) -> str:
        if shutil.disk_usage(self._folder).free < num_bytes + RESERVE_MIB * 2**20:
            return "the disk has no room for the file"
        held = sum(path.stat().st_size for path in self._folder.glob("*/*"))
        if held + num_bytes > MAX_BYTES:
            return f"{size_words(MAX_BYTES)} of files are kept already"
        return ""


def _placed(texts: Sequence[PageText]) -> dict[str, list[tuple[str, Box]]]:
    placed: dict[str, list[tuple[str, Box]]] = {}
    for one in texts:
        lines = []
        for line in one.lines:
            xs, ys = zip(*line.box, strict=True)
            box = (
                min(xs) / one.width,
                min(ys) / one.height,
                (max(xs) - min(xs)) / one.width,
                (max(ys) - min(ys)) / one.height,
            )
            lines.append((line.text, box))
        placed[str(one.page)] = lines
    return placed
