"""Compares a card with its server, file by file: existence, size, SHA-256. Fetches no weights.

Asks in the way of a download, so that what is found here is what a download would be told.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from configs.catalogue import ModelCard
from configs.settings import HubSettings
from workers.messages.errors import DownloadError

from .download import check_downloadable, remote_files
from .remote import is_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFile:
    """What the server says of one file."""

    name: str
    size: int | None
    """Bytes; None: it does not say."""
    sha256: str
    """Of the server, else of the card; "": neither says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """One card, compared."""

    card: ModelCard
    files: tuple[ServerFile, ...] = ()
    problems: tuple[str, ...] = ()
    """A sentence for each file that is not there, or not as the card says."""
    unsaid: tuple[str, ...] = field(default=())
    """What the server tells and the card does not: sizes and checksums to be written into it."""

    @property
    def is_right(self) -> bool:
        """Whether a download would bring what the card means."""
        return not self.problems

    @property
    def total_bytes(self) -> int:
        """Of the files whose size is known."""
        return sum(file.size or 0 for file in self.files)


def recheck(card: ModelCard, hub: HubSettings) -> Recheck:
    """Ask about each of a card's files. Raises: UnsupportedInputError if it is not downloaded at all."""
    check_downloadable(card)
    files: list[ServerFile] = []
    problems: list[str] = []
    for name, sha256 in card.files.items():
        alone = {n: size for n, size in card.file_bytes.items() if n == name}
        source = {n: at for n, at in card.file_sources.items() if n == name}
        one = card.model_copy(
            update={"files": {name: sha256}, "file_bytes": alone, "file_sources": source}
        )
        try:
            said = remote_files(one, hub)
        except DownloadError as err:
            problems.append(str(err))
            continue
        for file in said:
            is_sha = file.checksum is not None and file.checksum.algorithm == "sha256"
            digest = file.checksum.digest if file.checksum and is_sha else ""
            files.append(ServerFile(name=file.name, size=file.size, sha256=digest))
    return Recheck(
        card=card,
        files=tuple(files),
        problems=tuple(problems),
        unsaid=tuple(_unsaid(card, files)),
    )


def _unsaid(card: ModelCard, files: list[ServerFile]) -> list[str]:
    """Patterns stay patterns: what they mean may change."""
    lines: list[str] = []
    for file in files:
        if file.name not in card.files or is_pattern(file.name):
            continue
        if file.size is not None and file.name not in card.file_bytes:
            lines.append(f"file_bytes: {file.name}: {file.size}")
        if file.sha256 and card.files[file.name] is None:
            lines.append(f"files: {file.name}: {file.sha256}")
    return lines
