"""Which models run on a `llama-server` although their cards name llama.cpp's package: one setting for all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from configs.catalogue import ModelCard
from configs.settings import Settings, WorkerConfig

from .finding import NAME, OPTION

IN_PROCESS = "llamacpp"
"""The engine of most GGUF cards."""


def adapted(settings: Settings) -> Callable[[ModelCard], ModelCard]:
    """Return what turns a card into the one that holds with these settings."""

    def adapt(card: ModelCard) -> ModelCard:
        is_moved = (
            settings.gguf.engine == NAME
            and card.engine == IN_PROCESS
            and card.weight_file.endswith(".gguf")
        )
        if not is_moved and card.engine != NAME:
            return card
        return card.model_copy(update={"engine": NAME, "options": _options(card, settings)})

    return adapt


def _options(card: ModelCard, settings: Settings) -> dict[str, Any]:
    """Say in the card what its worker could not know: the program, and that a GPU is not wanted."""
    config: WorkerConfig = getattr(settings.workers, card.modality)
    said: dict[str, Any] = {}
    if settings.gguf.server is not None:
        said[OPTION] = settings.gguf.server
    if config.device == "cpu":
        said["device"] = "cpu"
    return {**said, **card.options}
