"""What other programs have fetched from the hub already: its library's cache, used where it lies.

    <HF_HUB_CACHE>/models--OWNER--NAME/refs/REVISION         the commit that a name stands for
                                      /snapshots/COMMIT/…    links, by the repository's own names
                                      /blobs/HASH            the content: its SHA-256, or git's hash

Nothing is written or deleted here. Where the cache is, the library says (`HF_HUB_CACHE`, `HF_HOME`). A
file counts if it is a regular one within its repository's folder and its hash is the card's; whether
the content has that hash is checked when the model is loaded, as for a download of ours.

Source: huggingface_hub's docs/source/en/guides/manage-cache.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from configs.catalogue import ModelCard
from workers.messages.errors import DownloadError
from workers.models.walk import walk

from .remote import check_name, is_pattern, names_matching
from .repository import HubSource, hub_source

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PIECE = re.compile(r"-\d{5}-of-(\d{5})\.(?:gguf|safetensors)$")
MAX_REF_BYTES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedFiles:
    """A card's files in the cache."""

    folder: Path
    files: Mapping[str, str | None]
    """Real names → SHA-256; None for a small file whose hash is git's."""


def cached_files(card: ModelCard) -> CachedFiles | None:
    """Return where the files of an `hf:` card are; None if one is missing, or is another one."""
    if not card.source.startswith("hf:") or card.file_sources:
        return None  # an engine is given one folder, and there is one for each repository
    source = hub_source(card.source)
    repository = cache_folder() / f"models--{source.name.replace('/', '--')}"
    try:
        snapshot = _snapshot(repository, source)
        if snapshot is None:
            return None
        folder = snapshot / source.folder
        names = _names(card, folder)
        found = {
            name: _sha256(folder / name, repository, card.files.get(want)) for name, want in names
        }
    except (OSError, RuntimeError, DownloadError, _OtherFileError, ValueError):
        return None
    return CachedFiles(folder=folder, files=found)


def cache_folder() -> Path:
    """Return where the hub's library keeps what it fetches."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


class _OtherFileError(Exception):
    """A file is not the one that the card means."""


def _snapshot(repository: Path, source: HubSource) -> Path | None:
    commit = source.revision
    if not _COMMIT.fullmatch(commit):
        ref = repository / "refs" / check_name(source.revision)
        if not ref.is_file():
            return None
        with ref.open("rb") as file:
            commit = file.read(MAX_REF_BYTES).decode("ascii", "replace").strip()
    snapshot = repository / "snapshots" / commit
    return snapshot if _COMMIT.fullmatch(commit) and snapshot.is_dir() else None


def _names(card: ModelCard, folder: Path) -> list[tuple[str, str]]:
    """Return the real names with what the card calls them. Raises: DownloadError; _OtherFileError."""
    known = list(walk(folder).files) if any(map(is_pattern, card.files)) else []
    found: list[tuple[str, str]] = []
    for wanted in card.files:
        names = names_matching(wanted, known, str(folder)) if is_pattern(wanted) else (wanted,)
        pieces = _PIECE.search(names[0])
        if is_pattern(wanted) and pieces and len(names) != int(pieces[1]):
            raise _OtherFileError  # somebody fetched a part of it
        found += [(name, wanted) for name in names]
    return found


def _sha256(path: Path, repository: Path, expected: str | None) -> str | None:
    """Return what the file must hash to.

    Raises: _OtherFileError for what is no regular file of this repository, or has another hash.
    """
    check_name(path.name)
    content = path.resolve(strict=True)
    if not content.is_file() or not content.is_relative_to(repository.resolve()):
        raise _OtherFileError
    promised = content.name if _SHA256.fullmatch(content.name) else None
    if expected is not None and promised is not None and promised != expected:
        raise _OtherFileError
    return expected or promised
