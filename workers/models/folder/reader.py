"""A LocalAI models folder, read as it stands: `.yaml` + `.tmpl` + `.gguf`.

    every file with .yaml or .yml in its name    one model, or a list of models
    presets shipped with Quintet                 offered where their weights lie in the folder
    every .gguf that no YAML claims              a model named as the file

One broken model is reported with file, line and reason and keeps no other from loading. Knows
cards, never weights; the pool reads the folder again when a name is asked for that is new.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from configs.small_files import read_text
from configs.yaml_files import parse_yaml

from .card import card_of

PRESETS_DIR = Path(__file__).parent / "presets"

_LATER_PART = re.compile(r"-(?!00001)\d{5}-of-\d{5}\.gguf$")
"""llama.cpp finds the parts of a split file by the first."""

log = logging.getLogger("quintet.localai")

Entry = Mapping[str, Any]
Tell = Callable[[str], None]


class _Place(NamedTuple):
    """The file that an entry is from, and who hears what is wrong with it."""

    name: str
    tell: Tell


def read_models_folder(
    folder: Path, presets: Path = PRESETS_DIR, tell: Tell | None = None
) -> dict[str, ModelCard]:
    """Return the models of a folder by name; `tell` hears what cannot be offered, else the log once.

    Raises: ConfigError if the folder is not there or cannot be read.
    """
    if not folder.is_dir():
        raise ConfigError(f"The models folder {folder} does not exist.")
    tell = tell or _warn
    cards: dict[str, ModelCard] = {}
    try:
        files, weights = _yaml_files(folder), sorted(folder.glob("*.gguf"))
    except OSError as err:
        raise ConfigError(f"The models folder {folder} cannot be read: {err.strerror}.") from err
    for path in files:
        for entry in _entries(path, tell):
            _add(cards, entry, folder, _Place(path.name, tell))
    claimed = {name for card in cards.values() for name in card.files}
    for path in weights:
        if path.name not in claimed and not _LATER_PART.search(path.name):
            entry = {"name": path.name, "parameters": {"model": path.name}}
            _add(cards, entry, folder, _Place(path.name, tell))
    return {**_presets(folder, presets, tell), **cards}


def _yaml_files(folder: Path) -> list[Path]:
    """Return the model files; hidden ones are an editor's or a file system's own."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file()
        and not path.name.startswith(".")
        and (".yaml" in path.name or ".yml" in path.name)
    )


def _entries(path: Path, tell: Tell) -> Iterator[Entry]:
    """Yield the models of one file, each with a name."""
    try:
        content = parse_yaml(read_text(path))
    except ConfigError as err:
        tell(f"{path.name} was left out: {err}.")
        return
    for number, entry in enumerate(content if isinstance(content, list) else [content], start=1):
        if not isinstance(entry, Mapping):
            tell(f"{path.name} was left out: model {number} is not a mapping.")
            continue
        yield {**entry, "name": entry.get("name") or path.name.partition(".y")[0]}


def _add(cards: dict[str, ModelCard], entry: Entry, folder: Path, place: _Place) -> None:
    name = str(entry["name"])
    if name in cards:
        place.tell(f"{place.name}: a second model called {name!r} was left out.")
        return
    try:
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise ConfigError("its name is a path, and names become file names")
        cards[name], ignored = card_of(entry, folder)
    except Exception as err:  # whatever a file holds, the others load
        log.debug("%s: %r", place.name, name, exc_info=True)
        place.tell(f"{place.name}: the model {name!r} is not offered: {err}")
        return
    if ignored:
        _say(
            logging.INFO,
            f"{place.name}: {name!r} sets keys without effect here: {', '.join(ignored)}.",
        )


def _presets(folder: Path, presets: Path, tell: Tell) -> dict[str, ModelCard]:
    """Return the shipped models whose weights, named by a pattern, lie in the folder.

    Templates are read from the preset's own folder, weights from the user's.
    """
    cards: dict[str, ModelCard] = {}
    for path in _yaml_files(presets):
        for entry in _entries(path, tell):
            found = sorted(folder.glob(entry["parameters"]["model"]))
            if found:
                parameters = {**entry["parameters"], "model": str(found[0].absolute())}
                place = _Place(path.name, tell)
                _add(cards, {**entry, "parameters": parameters}, presets, place)
    return cards


def _warn(sentence: str) -> None:
    _say(logging.WARNING, sentence)


@lru_cache(maxsize=1024)
def _say(level: int, sentence: str) -> None:
    """Log a sentence the first time: the folder is read again and again."""
    log.log(level, "%s", sentence)
