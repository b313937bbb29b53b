"""The tiny LLaVA as a text model that sees: its card, and worlds in which it is used."""

from __future__ import annotations

from pathlib import Path

from configs.catalogue import ModelCard

from .convert import convert
from .seeing import WEIGHTS, write_card


def text_card(folder: Path, engine: str = "llamacpp", **options: object) -> ModelCard:
    """Convert the model into `folder` and return the card of a text model with a projector."""
    if not any(folder.glob("*.gguf")):
        convert(WEIGHTS, folder)
    seen = write_card(folder, engine, folder, name="tiny-llava")
    update = {"modality": "text", "id": "tiny-seeing", "name": "Tiny Seeing", "options": options}
    return ModelCard.model_validate(seen.model_dump(mode="json") | update)
