"""Which files of a card are here: those that we have downloaded, else those of the hub's cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from configs.catalogue import ModelCard

from .folders import is_complete, model_folder, read_manifest
from .hub_cache import cached_files


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentFiles:
    """All files of one card."""

    folder: Path
    files: Mapping[str, str | None]
    """Real names in the card's order → SHA-256; None where nobody promises one."""
    is_ours: bool
    """Downloaded by Quintet, which may delete them again."""


def find_present(card: ModelCard, data_dir: Path) -> PresentFiles | None:
    """Return where a card's complete files are; None if they are not here.

    Looks at names and sizes, not into the files.
    """
    manifest = read_manifest(card, data_dir)
    if manifest is not None and is_complete(card, data_dir):
        files = {name: file.sha256 for name, file in manifest.files.items()}
        return PresentFiles(folder=model_folder(card, data_dir), files=files, is_ours=True)
    cached = cached_files(card)
    if cached is None:
        return None
    return PresentFiles(folder=cached.folder, files=cached.files, is_ours=False)


def is_present(card: ModelCard, data_dir: Path) -> bool:
    """Whether nothing of a card has to be downloaded."""
    return find_present(card, data_dir) is not None
