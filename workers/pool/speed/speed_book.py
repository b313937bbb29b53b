"""What was measured of this machine and of models in use, remembered in files of the data folder.

A device's figures belong to one processor with its cores; a model's speed to one set of weights, engine,
device, and layers on it; by how much a prediction was wrong, to what predicts and the device's figures.
What cannot be read is measured again.
"""

from __future__ import annotations

import logging
import statistics
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from configs.catalogue import ModelCard
from workers.models.tuning.book import joined, key_of, machine_parts
from workers.models.tuning.entries import Entries

from .device_speed import DeviceSpeed

T = TypeVar("T")

log = logging.getLogger("quintet.speed")

MACHINE_FILE, MODEL_FILE = "machine-speed.json", "model-speed.json"
CORRECTIONS_FILE = "speed-corrections.json"
NUM_VALUES = 9
"""Of the latest uses the median counts: one beside a busy browser says little."""
MOST_MODELS = 512

_DEVICE = TypeAdapter(DeviceSpeed)
_VALUES = TypeAdapter(list[float])
_RATIOS = TypeAdapter(dict[str, list[float]])


class SpeedBook:
    """One book, shared by every Quintet of a data folder. Safe to use from any thread."""

    def __init__(self, data_dir: Path) -> None:
        """Nothing is read or written yet; the folder need not exist."""
        self._devices = Entries(data_dir / MACHINE_FILE, "devices")
        self._models = Entries(data_dir / MODEL_FILE, "models")
        self._ratios = Entries(data_dir / CORRECTIONS_FILE, "corrections")

    def device(self, device: str) -> DeviceSpeed | None:
        """Return the figures of a device; None if it was never measured."""
        return _valid(_DEVICE, self._devices.all().get(joined(device, *machine_parts())))

    def note_device(self, device: str, speed: DeviceSpeed) -> None:
        """Remember a device's figures in place of earlier ones. Raises: OSError."""
        self._devices.note(joined(device, *machine_parts()), asdict(speed))

    def model(self, card: ModelCard, device: str, options: Mapping[str, Any]) -> float | None:
        """Return how fast a model was in use, in its modality's unit; None if it was not used here."""
        values = _valid(_VALUES, self._models.all().get(_name(card, device, options)))
        return statistics.median(values) if values else None

    def note_model(
        self, card: ModelCard, device: str, options: Mapping[str, Any], value: float
    ) -> None:
        """Remember one use. Raises: OSError."""
        name = _name(card, device, options)
        values = _valid(_VALUES, self._models.all().get(name)) or []
        self._models.note(name, [*values, round(value, 3)][-NUM_VALUES:], MOST_MODELS)

    def ratios(self, estimator: str, device: str) -> list[float]:
        """Return seen ÷ predicted of each model that was used on a device, by what predicts its speed."""
        found = _valid(_RATIOS, self._ratios.all().get(self._estimator(estimator, device)))
        return [statistics.median(values) for values in (found or {}).values() if values]

    def note_ratio(self, card: ModelCard, estimator: str, device: str, ratio: float) -> None:
        """Remember by how much one use was faster than predicted. Raises: OSError."""
        name, model = self._estimator(estimator, device), key_of(card, device)
        found = _valid(_RATIOS, self._ratios.all().get(name)) or {}
        values = [*found.pop(model, []), round(ratio, 3)][-NUM_VALUES:]
        self._ratios.note(name, dict([*found.items(), (model, values)][-MOST_MODELS:]))

    def _estimator(self, estimator: str, device: str) -> str:
        speed = self.device(device)
        figures = "" if speed is None else f"{speed.read_bytes_s:.3g} {speed.flops:.3g}"
        return joined(estimator, device, *machine_parts(), figures)


def _name(card: ModelCard, device: str, options: Mapping[str, Any]) -> str:
    layers = options.get("gpu_layers")
    return joined(key_of(card, device), *([] if layers is None else [f"{layers} layers"]))


def _valid(kind: TypeAdapter[T], entry: Any) -> T | None:
    """Return an entry as what it is; None if there is none, or it is damaged."""
    try:
        return None if entry is None else kind.validate_python(entry)
    except ValidationError as err:
        log.warning("a speed that was remembered is not used: %s", err)
        return None
