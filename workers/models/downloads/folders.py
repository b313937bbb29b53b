"""Where downloaded weights live, and what is written beside them.

`<data_dir>/models/<card>/` holds complete, checked files and a manifest that says so; a folder only
ever appears there whole, by a rename. What is under way lies in `models/.part/<card>/`, where the
next attempt finds it. Reads no network.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from configs.catalogue import ModelCard
from workers.models.disk_files import file_bytes, files_below, folder_bytes

MANIFEST = ".quintet.json"
PLAN = ".plan.json"

DOWNLOADABLE = ("hf:", "url:")


class Checksum(NamedTuple):
    """What a file must hash to; small files of a hub are known by git's hash of them."""

    algorithm: Literal["sha256", "git-sha1"]
    digest: str
    """Hexadecimal."""


class FetchedFile(BaseModel):
    """One complete file."""

    model_config = ConfigDict(frozen=True)

    size: int
    """Bytes."""
    sha256: str


class Manifest(BaseModel):
    """What a folder of downloaded weights holds, and which card's words it was fetched for."""

    model_config = ConfigDict(frozen=True)

    source: str
    wanted: tuple[str, ...]
    """The card's file names; some may be patterns."""
    files: Mapping[str, FetchedFile]
    """Real names, in the card's order."""


def is_downloadable(card: ModelCard) -> bool:
    """Whether the card's files come from a hub or an address."""
    return card.source.startswith(DOWNLOADABLE)


def _name(card: ModelCard) -> str:
    """A file name made of the card's id, which may hold anything."""
    return re.sub(r"[^\w.-]|^\.", "-", card.id)


def models_dir(data_dir: Path) -> Path:
    """Return the folder of all downloaded models."""
    return data_dir / "models"


def model_folder(card: ModelCard, data_dir: Path) -> Path:
    """Return where the card's files are once they are complete."""
    return models_dir(data_dir) / _name(card)


def part_folder(card: ModelCard, data_dir: Path) -> Path:
    """Return where the card's files grow."""
    return models_dir(data_dir) / ".part" / _name(card)


def lock_path(card: ModelCard, data_dir: Path) -> Path:
    """Return the lock file of this model, held by whoever downloads or removes it."""
    return models_dir(data_dir) / ".lock" / f"{_name(card)}.lock"


def pause_path(card: ModelCard, data_dir: Path) -> Path:
    """Return the file through which other programs ask for a pause of this model's download."""
    return models_dir(data_dir) / ".lock" / f"{_name(card)}.pause"


def read_manifest(card: ModelCard, data_dir: Path) -> Manifest | None:
    """Return what was downloaded for this card; None if nothing was, or for other words of it.

    The card may name the real files in place of its patterns, as `as_fetched` writes it.
    """
    try:
        text = (model_folder(card, data_dir) / MANIFEST).read_text(encoding="utf-8")
        manifest = Manifest.model_validate_json(text)
    except (OSError, ValidationError):
        return None
    names = (manifest.wanted, tuple(manifest.files))
    is_same = manifest.source == card.source and tuple(card.files) in names
    expected = {name: sha256 for name, sha256 in card.files.items() if name in manifest.files}
    is_right = all(want in (None, manifest.files[name].sha256) for name, want in expected.items())
    is_long = all(
        manifest.files[name].size == size
        for name, size in card.file_bytes.items()
        if name in manifest.files
    )
    return manifest if is_same and is_right and is_long else None


def is_complete(card: ModelCard, data_dir: Path) -> bool:
    """Whether the card's download is complete. Looks at names and sizes, not into the files."""
    manifest = read_manifest(card, data_dir)
    if manifest is None:
        return False
    folder = model_folder(card, data_dir)
    return all(file_bytes(folder / name) == file.size for name, file in manifest.files.items())


def stored_bytes(card: ModelCard, data_dir: Path) -> int:
    """Return how much of the disk the card's download takes, complete or not."""
    folders = (model_folder(card, data_dir), part_folder(card, data_dir))
    return sum(map(folder_bytes, folders))


def part_bytes(card: ModelCard, data_dir: Path) -> int:
    """Return how many bytes of an unfinished download are on this disk."""
    files = files_below(part_folder(card, data_dir))
    return sum(file_bytes(path) or 0 for path in files if path.name != PLAN)


def planned_bytes(card: ModelCard, data_dir: Path) -> int | None:
    """Return the size of an unfinished download; None if there is none, or its size is unknown."""
    sizes = [fingerprint.partition(" ")[0] for fingerprint in read_plan(card, data_dir).values()]
    return sum(map(int, sizes)) if sizes and all(size.isdigit() for size in sizes) else None


def is_locked(card: ModelCard, data_dir: Path) -> bool:
    """Whether somebody downloads or removes this model now."""
    path = lock_path(card, data_dir)
    if not path.exists():
        return False
    try:
        with FileLock(path, blocking=False):
            return False
    except Timeout:
        return True


def move_in(card: ModelCard, data_dir: Path, manifest: Manifest) -> Path:
    """Make the complete part folder the model's folder, in place of an older one."""
    part, folder = part_folder(card, data_dir), model_folder(card, data_dir)
    (part / PLAN).unlink(missing_ok=True)
    (part / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    if folder.exists():
        shutil.rmtree(folder)
    part.rename(folder)
    return folder


def read_plan(card: ModelCard, data_dir: Path) -> dict[str, str]:
    """Return what the files in the part folder are parts of: name → fingerprint."""
    try:
        content = json.loads((part_folder(card, data_dir) / PLAN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_plan(card: ModelCard, data_dir: Path, plan: Mapping[str, str]) -> None:
    """Say what the files in the part folder are parts of."""
    (part_folder(card, data_dir) / PLAN).write_text(json.dumps(dict(plan)), encoding="utf-8")


def delete_folders(card: ModelCard, data_dir: Path) -> None:
    """Delete what was downloaded of this card."""
    for folder in (model_folder(card, data_dir), part_folder(card, data_dir)):
        if folder.exists():
            shutil.rmtree(folder)
