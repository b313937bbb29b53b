"""Which models can be asked for: the catalogue's cards, and the one each modality uses by default.

Knows cards, never weights. A name that is not known is looked for once more on disk, so that a card
dropped into a folder answers without a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from configs.catalogue import ModelCard

from .errors import UnknownModelError
from .messages import MODALITIES, Modality

ReadCards = Callable[[], Mapping[str, ModelCard]]


class Models:
    """The cards by id. Safe to read from any thread: a change replaces the mapping as a whole."""

    def __init__(self, read_cards: ReadCards, defaults: Mapping[Modality, str]) -> None:
        """Raises: UnknownModelError if a default has no card or one of another modality."""
        self._read_cards = read_cards
        self._cards = dict(read_cards())
        self._defaults: dict[Modality, str] = {}
        for modality, model_id in defaults.items():
            self.use(modality, model_id)

    def all(self, modality: Modality | None = None) -> tuple[ModelCard, ...]:
        """Return the cards, of one modality if it is given; the default of each comes first."""
        cards = [card for card in self._cards.values() if modality in (None, card.modality)]
        first = set(self._defaults.values())
        order = {name: place for place, name in enumerate(MODALITIES)}
        return tuple(sorted(cards, key=lambda c: (order[c.modality], c.id not in first, c.id)))

    def default(self, modality: Modality) -> ModelCard:
        """Return the card that requests without a model name use."""
        return self._cards[self._defaults[modality]]

    def get(self, model_id: str, modality: Modality | None = None) -> ModelCard:
        """Return a card by its id. Raises: UnknownModelError listing what there is."""
        if model_id not in self._cards:
            self._cards = dict(self._read_cards())
        card = self._cards.get(model_id)
        if card is None or modality not in (None, card.modality):
            known = ", ".join(card.id for card in self.all(modality)) or "none"
            kind = f"{modality} model" if modality else "model"
            raise UnknownModelError(f"No {kind} is called {model_id!r}; known: {known}.")
        return card

    def use(self, modality: Modality, model_id: str) -> None:
        """Make a model the default of its modality. Raises: UnknownModelError."""
        self._defaults = {**self._defaults, modality: self.get(model_id, modality).id}
