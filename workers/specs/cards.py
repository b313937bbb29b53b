"""The cards that come with engines, beside those of the catalogue.

Those of engines that only pretend are offered where the settings name one of them, so that nobody
meets them by accident.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from configs.catalogue import ModelCard, load_catalogue
from configs.errors import ConfigError
from configs.settings import Settings
from workers.messages import MODALITIES, Modality

from .spec import EngineSpec, engine_specs

log = logging.getLogger("quintet.engines")


def cards_of_engines(settings: Settings) -> dict[str, ModelCard]:
    """Return the cards by id; those of a folder that cannot be read are left out, and told."""
    specs = engine_specs()
    pretended = _cards(spec for spec in specs if spec.is_for_tests)
    named = {model for name in MODALITIES for model in getattr(settings.workers, name).model}
    offered = _cards(spec for spec in specs if not spec.is_for_tests)
    return {**pretended, **offered} if named & set(pretended) else offered


def models_of_engine(name: str, catalogue: Mapping[str, ModelCard]) -> dict[Modality, list[str]]:
    """Return for each modality the ids of the models that an engine runs, the recommended first.

    Raises: ConfigError naming the engines that have models.
    """
    cards = [*catalogue.values(), *_cards(engine_specs()).values()]
    cards.sort(key=lambda card: (not card.recommended, card.memory_mib, card.id))
    found: dict[Modality, list[str]] = {}
    for card in cards:
        if card.engine == name:
            found.setdefault(card.modality, []).append(card.id)
    if not found:
        known = ", ".join(sorted({card.engine for card in cards}))
        raise ConfigError(f"No model runs on an engine called {name!r}; known: {known}.")
    return found


def _cards(specs: Iterable[EngineSpec]) -> dict[str, ModelCard]:
    found: dict[str, ModelCard] = {}
    for spec in specs:
        if spec.cards is not None:
            cards = _read(spec.cards).items()
            found |= {
                name: card for name, card in cards if (card.modality, card.engine) == spec.key
            }
    return found


@lru_cache
def _read(folder: Path) -> Mapping[str, ModelCard]:
    try:
        return load_catalogue(folder)
    except ConfigError as err:
        log.warning("the models in %s are left out: %s", folder, err)
        return {}
