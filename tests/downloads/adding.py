"""What the tests of adding a model start from: the packaged ones."""

from __future__ import annotations

from pathlib import Path

from configs.catalogue import load_catalogue
from configs.settings import HubSettings
from workers.models.weights import find_folder

CARDS = load_catalogue()
HUB = HubSettings()


def packaged(model_id: str) -> Path:
    return find_folder(CARDS[model_id], Path("/none"))


GGUF = packaged("smollm2-135m-instruct") / CARDS["smollm2-135m-instruct"].weight_file
HEAD_BYTES = 6_000_000
"""More than its header."""
