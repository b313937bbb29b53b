"""The projector that a LocalAI model file names (`mmproj`): with it a text model sees.

It must lie below the folder of the weights, or come from where they come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.errors import ConfigError
from workers.models.facts.gguf import gguf_facts

from .weights import Weights, find_weights

ARCHITECTURE = "clip"
"""What a projector's GGUF file says that it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projector:
    """What a card says about it."""

    name: str
    """As the card's files have it."""
    sha256: str | None
    source: str
    """Where it comes from, if that is another repository; "": where the weights come from."""


def find_projector(
    name: str, folder: Path, downloads: Iterable[Mapping[str, Any]], weights: Weights
) -> Projector:
    """Return the projector. Raises: ConfigError saying why the model must do without it."""
    found = find_weights(name, folder, downloads)
    ((file, sha256),) = found.files.items()
    if found.path is not None:
        if weights.path is None:
            raise ConfigError("it is in the folder, and the weights are not")
        return Projector(name=_beside(found.path, weights.path), sha256=sha256, source="")
    if weights.path is not None:
        raise ConfigError("it is not in the folder, and the weights are")
    if found.source == weights.source:
        return Projector(name=file, sha256=sha256, source="")
    if not (found.source.startswith("hf:") and weights.source.startswith("hf:")):
        raise ConfigError("it comes from another address than the weights")
    return Projector(name=file, sha256=sha256, source=found.source)


def _beside(path: Path, weights: Path) -> str:
    """Return its name as seen from the folder of the weights. Raises: ConfigError."""
    if gguf_facts(path).architecture != ARCHITECTURE:
        raise ConfigError("it is not a projector")
    try:
        return path.resolve().relative_to(weights.parent.resolve()).as_posix()
    except ValueError:
        pass
    try:
        return path.relative_to(weights.parent).as_posix()
    except ValueError as err:
        raise ConfigError("it must lie below the folder of the weights") from err
