"""All cards there are: those that engines bring, the catalogue's, those that were added, and those of the user's own folder.

A card that cannot be read is left out, and said: in the log, to `quintet doctor`, on the page's Models
tab and beside the list of models. It keeps no other model from being used.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache

from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.models.folder.reader import read_models_folder
from workers.specs.cards import cards_of_engines

from .importing import read_added

log = logging.getLogger("quintet.models")

ReadCards = Callable[[], Mapping[str, ModelCard]]
Catalogue = Mapping[str, ModelCard] | ReadCards
"""The cards by id, or how to read them; read again when a model is asked for that is not known."""


class CardReader:
    """Reads the cards anew at each call; of equal names, the last place read comes first."""

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self.left_out: tuple[str, ...] = ()
        """Of the last reading: a sentence for each card that is not used, and why."""

    def __call__(self) -> Mapping[str, ModelCard]:
        """Return the cards by id. Raises: ConfigError if the user's own folder is not there."""
        left_out: list[str] = []

        def tell(sentence: str) -> None:
            left_out.append(sentence)
            _say(sentence)

        own = self._catalogue() if callable(self._catalogue) else self._catalogue
        cards = _over(cards_of_engines(self._settings), own, tell)
        cards = _over(cards, read_added(self._settings.data_dir, tell), tell)
        if self._settings.models_path is not None:
            cards = _over(cards, read_models_folder(self._settings.models_path, tell=tell), tell)
        self.left_out = tuple(left_out)
        return cards


def _over(
    cards: Mapping[str, ModelCard], more: Mapping[str, ModelCard], tell: Callable[[str], None]
) -> dict[str, ModelCard]:
    """Return both; a card takes the place of one of its name only if it does the same work.

    What uses a model by its name would fail otherwise: the defaults, before anything is started.
    """
    merged = dict(cards)
    for card in more.values():
        known = cards.get(card.id)
        if known is not None and known.modality != card.modality:
            tell(
                f"The {card.modality} model {card.id!r} is left out: a {known.modality} model has "
                "this name. Give it another id."
            )
            continue
        merged[card.id] = card
    return merged


@lru_cache(maxsize=1024)
def _say(sentence: str) -> None:
    """Log a sentence the first time: the folders are read again and again."""
    log.warning("%s", sentence)
