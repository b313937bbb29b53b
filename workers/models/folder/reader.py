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
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from configs.catalogue import ModelCard
from configs.errors import ConfigError

from .card import card_of

PRESETS_DIR = Path(__file__).parent / "presets"

_LATER_PART = re.compile(r"-(?!00001)\d{5}-of-\d{5}\.gguf$")
"""llama.cpp finds the parts of a split file by the first."""

log = logging.getLogger("quintet.localai")

Entry = Mapping[str, Any]


def read_models_folder(folder: Path, presets: Path = PRESETS_DIR) -> dict[str, ModelCard]:
    """Return the models of a folder by name; what cannot be offered is said once in the log.

    Raises: ConfigError if the folder is not there.
    """
    if not folder.is_dir():
        raise ConfigError(f"The models folder {folder} does not exist.")
    cards: dict[str, ModelCard] = {}
    for path in _yaml_files(folder):
        for entry in _entries(path):
            _add(cards, entry, folder, path.name)
    claimed = {name for card in cards.values() for name in card.files}
    for path in sorted(folder.glob("*.gguf")):
        if path.name not in claimed and not _LATER_PART.search(path.name):
            _add(cards, {"name": path.name, "parameters": {"model": path.name}}, folder, path.name)
    return {**_presets(folder, presets), **cards}


def _yaml_files(folder: Path) -> list[Path]:
    """Return the model files; hidden ones are an editor's or a file system's own."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file()
        and not path.name.startswith(".")
        and (".yaml" in path.name or ".yml" in path.name)
    )


def _entries(path: Path) -> Iterator[Entry]:
    """Yield the models of one file, each with a name."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as err:
        _say(logging.WARNING, f"{path.name} was left out: {_reason(err)}")
        return
    for number, entry in enumerate(content if isinstance(content, list) else [content], start=1):
        if not isinstance(entry, Mapping):
            _say(logging.WARNING, f"{path.name} was left out: model {number} is not a mapping.")
            continue
        yield {**entry, "name": entry.get("name") or path.name.partition(".y")[0]}


def _reason(err: Exception) -> str:
    mark = getattr(err, "problem_mark", None)
    if mark is None:
        return str(err)
    return f"line {mark.line + 1}, column {mark.column + 1}: {getattr(err, 'problem', err)}."


def _add(cards: dict[str, ModelCard], entry: Entry, folder: Path, file: str) -> None:
    name = str(entry["name"])
    if name in cards:
        _say(logging.WARNING, f"{file}: a second model called {name!r} was left out.")
        return
    try:
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise ConfigError("its name is a path, and names become file names")
        cards[name], ignored = card_of(entry, folder)
    except (ConfigError, OSError, TypeError, ValueError) as err:
        _say(logging.WARNING, f"{file}: the model {name!r} is not offered: {err}")
        return
    if ignored:
        _say(logging.INFO, f"{file}: {name!r} sets keys without effect here: {', '.join(ignored)}.")


def _presets(folder: Path, presets: Path) -> dict[str, ModelCard]:
    """Return the shipped models whose weights, named by a pattern, lie in the folder.

    Templates are read from the preset's own folder, weights from the user's.
    """
    cards: dict[str, ModelCard] = {}
    for path in _yaml_files(presets):
        for entry in _entries(path):
            found = sorted(folder.glob(entry["parameters"]["model"]))
            if found:
                parameters = {**entry["parameters"], "model": str(found[0].absolute())}
                _add(cards, {**entry, "parameters": parameters}, presets, path.name)
    return cards


@lru_cache(maxsize=1024)
def _say(level: int, sentence: str) -> None:
    """Log a sentence the first time: the folder is read again and again."""
    log.log(level, "%s", sentence)
