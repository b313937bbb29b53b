"""Cards that were added here: `<data_dir>/models.d/*.yaml`, beside those of the catalogue."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from configs.catalogue import ModelCard, load_card
from configs.errors import ConfigError
from workers.messages.errors import UnsupportedInputError

log = logging.getLogger("quintet.adding")

_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,99}")
NOTE = "# Added with `quintet models add` or on the page. Keys: configs/catalogue.py.\n"


def added_folder(data_dir: Path) -> Path:
    """Return where the cards are."""
    return data_dir / "models.d"


def read_added(data_dir: Path, tell: Callable[[str], None] = log.warning) -> dict[str, ModelCard]:
    """Return the added cards by id; one that cannot be used is left out and logged."""
    cards: dict[str, ModelCard] = {}
    for path in _card_files(added_folder(data_dir), tell):
        try:
            card = load_card(path)
        except ConfigError as err:
            where = str(err).replace(f"{path.parent.parent}/", "")  # a stranger may read it
            tell(f"A model's card is left out: {where}")
            continue
        if card.id in cards:
            tell(f"models.d/{path.name} is left out: another card has the id {card.id!r} too.")
            continue
        cards[card.id] = card
    return cards


def _card_files(folder: Path, tell: Callable[[str], None]) -> list[Path]:
    """Return the files with cards, in the order of their names; none without a folder."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".yaml")
    except FileNotFoundError:
        return []
    except OSError as err:
        tell(f"The models that were added are left out: models.d cannot be read: {err.strerror}.")
        return []


def is_added(card: ModelCard, data_dir: Path) -> bool:
    """Whether a card was added here, so that it may be forgotten again."""
    return _path(card.id, data_dir).is_file()


def save(card: ModelCard, data_dir: Path, taken: Mapping[str, str] | None = None) -> Path:
    """Write a card where every start reads it; returns the file.

    `taken` are the ids of other models → their sources. Raises: UnsupportedInputError if the id is
    another's or cannot be one; OSError.
    """
    if not _ID.fullmatch(card.id):
        raise UnsupportedInputError(
            f"{card.id!r} cannot be a model's id.",
            "Use letters, digits, dots and hyphens, at most 100.",
        )
    path = _path(card.id, data_dir)
    if not path.exists() and card.id in (taken or {}):
        raise UnsupportedInputError(
            f"There is a model {card.id!r} already, from {(taken or {})[card.id]}.",
            "Give this one another id.",
        )
    values = card.model_dump(mode="json", exclude_defaults=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(NOTE + yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    unfinished.replace(path)
    return path


def forget(card: ModelCard, data_dir: Path) -> bool:
    """Delete a card that was added; False if it is none of those. The weights are not touched."""
    path = _path(card.id, data_dir)
    if not path.is_file():
        return False
    path.unlink()
    return True


def _path(model_id: str, data_dir: Path) -> Path:
    return added_folder(data_dir) / f"{model_id if _ID.fullmatch(model_id) else 'no id'}.yaml"
