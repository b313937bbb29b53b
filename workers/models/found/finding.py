"""All models that other programs keep here, and how one of them becomes ours to use.

The folders are looked through at most every `LOOK_EVERY_S`: the Models tab asks once a second.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from configs.catalogue import ModelCard
from configs.other_programs import lm_studio_folders, ollama_folders
from workers.messages.errors import UnsupportedInputError

from . import lm_studio, ollama
from .lm_studio import find_lm_studio
from .model import LINKED, FoundModel
from .ollama import find_ollama

LOOK_EVERY_S = 10.0
PREFIXES = (ollama.PREFIX, lm_studio.PREFIX)


def find_models() -> tuple[FoundModel, ...]:
    """Return what is there, or was a moment ago; the first of two with one name.

    Looks at names, sizes and manifests only.
    """
    return _find(ollama_folders(), lm_studio_folders(), int(time.monotonic() / LOOK_EVERY_S))


@lru_cache(maxsize=1)
def _find(
    ollamas: tuple[Path, ...], studios: tuple[Path, ...], _window: int
) -> tuple[FoundModel, ...]:
    found: dict[str, FoundModel] = {}
    for root in ollamas:
        for model in find_ollama(root):
            found.setdefault(model.name, model)
    for root in studios:
        for model in find_lm_studio(root):
            found.setdefault(model.name, model)
    return tuple(found.values())


def is_found_name(text: str) -> bool:
    """Whether a text is meant as the name of such a model."""
    return text.startswith(PREFIXES)


def find_model(name: str) -> FoundModel:
    """Return one by its name. Raises: UnsupportedInputError saying what there is."""
    known = find_models()
    found = next((model for model in known if model.name == name), None)
    if found is None:
        names = ", ".join(model.name for model in known[:8]) or "none"
        raise UnsupportedInputError(
            f"No program on this machine has a model {name!r}; there are: {names}."
        )
    return found


def not_added(cards: Iterable[ModelCard], data_dir: Path) -> tuple[FoundModel, ...]:
    """Return the models of other programs that no card uses yet."""
    used = {(card.source, card.weight_file) for card in cards if card.source.startswith("path:")}
    return tuple(
        model
        for model in find_models()
        if (f"path:{model.folder(data_dir)}", next(iter(model.files))) not in used
    )


def link(card: ModelCard, data_dir: Path) -> None:
    """Make the links that a card of a found model names, if it names any.

    Raises: UnsupportedInputError where that is not possible.
    """
    folder = linked_folder(card, data_dir)
    if folder is None:
        return
    model = next((found for found in find_models() if found.folder(data_dir) == folder), None)
    if model is None:
        raise UnsupportedInputError(f"The files of {card.name} are not on this machine any more.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, file in model.files.items():
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(file.path)
    except OSError as err:
        raise UnsupportedInputError(
            f"{folder} cannot be made to point to the files of {model.program}: {err.strerror}.",
            "On Windows, links need the developer mode.",
        ) from err


def unlink(card: ModelCard, data_dir: Path) -> None:
    """Remove the links of a card that is forgotten; never what they lead to."""
    folder = linked_folder(card, data_dir)
    if folder is None or not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.is_symlink():
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def linked_folder(card: ModelCard, data_dir: Path) -> Path | None:
    """Return the folder of links that a card names; None if it names none of ours."""
    folder = Path(card.source.removeprefix("path:"))
    is_ours = card.source.startswith("path:") and folder.parent == data_dir / LINKED
    return folder if is_ours else None
