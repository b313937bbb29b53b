"""Which models can be asked for: the catalogue's cards, and the one each modality uses by default.

Whether one can be used now is asked of `workers.models.availability`. A name that is not known is looked for once more on disk, so that a card
dropped into a folder answers without a restart.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from configs.secrets import is_listed
from workers.messages import MODALITIES, Modality
from workers.messages.errors import UnknownModelError, UnsupportedInputError
from workers.models.card_reader import ReadCards

from .availability import Availability
from .names import spelled
from .reranker import RerankerChoice

log = logging.getLogger("quintet.models")


class Models:
    """The cards by id. Safe to use from any thread: a change replaces a mapping as a whole."""

    def __init__(
        self,
        read_cards: ReadCards,
        defaults: Mapping[Modality, str],
        availability: Availability | None = None,
        reranker: str | None = None,
        left_out: Callable[[], Sequence[str]] = tuple,
        adapt: Callable[[ModelCard], ModelCard] = lambda card: card,
    ) -> None:
        """Without `availability`, nobody looks for weights.

        `left_out` tells of cards that `read_cards` could not use; `adapt` turns what a card says into
        what holds here: see `workers.models.llama_server.choosing`. `reranker`: its id, or
        `ANY_RERANKER`.

        Raises: UnknownModelError if a default or the reranker has no card, or one of another
        modality.
        """
        self._reranker = RerankerChoice(reranker, lambda: self.known("rag"), self.is_here)
        self._read_cards = read_cards
        self._left_out = left_out
        self._availability = availability
        self._writing = threading.Lock()
        self._added: dict[str, ModelCard] = {}
        self._adapt = adapt
        self._cards = self._read()
        self._defaults: dict[Modality, str] = {}
        self._configured: dict[Modality, str] = {}
        for modality, model_id in defaults.items():
            self.configure(modality, model_id)
        if reranker is not None and not self._reranker.is_any:
            self.get(reranker, "rag")

    @property
    def reranker(self) -> str | None:
        """Id of the model that orders what the default embedding model finds; None: there is none."""
        return self._reranker.now()

    @property
    def is_any_reranker(self) -> bool:
        """Whether any reranker that is here orders what was found, so that none is bound to stay."""
        return self._reranker.is_any

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """Those that have a default model."""
        return tuple(name for name in MODALITIES if name in self._defaults)

    @property
    def left_out(self) -> tuple[str, ...]:
        """A sentence for each card that cannot be used, as when the folders were read last."""
        return tuple(self._left_out())

    def all(self, modality: Modality | None = None) -> tuple[ModelCard, ...]:
        """Return the cards, of one modality if it is given; the default of each comes first.

        Without those that cannot be used now, for want of weights or of a key: see `known`.
        """
        first = set(self._defaults.values())
        availability = self._availability
        return tuple(
            card
            for card in self.known(modality)
            if card.id in first
            or (availability.is_listed(card) if availability else is_listed(card))
        )

    def known(self, modality: Modality | None = None) -> tuple[ModelCard, ...]:
        """Return all cards, those too that must be downloaded first or whose key is not set."""
        first = set(self._defaults.values())
        cards = [c for c in self._cards.values() if modality is None or c.serves(modality)]
        order = {name: place for place, name in enumerate(MODALITIES)}
        return tuple(sorted(cards, key=lambda c: (order[c.modality], c.id not in first, c.id)))

    def default(self, modality: Modality) -> ModelCard:
        """Return the card that requests without a model name use.

        Raises: UnknownModelError if the modality has none.
        """
        if modality not in self._defaults:
            raise UnknownModelError(f"No {modality} model is set up.")
        return self._cards[self._defaults[modality]]

    def knows(self, model_id: str) -> bool:
        """Whether `get` finds this name without reading the disk."""
        return spelled(model_id, self._cards) is not None

    def has(self, model_id: str) -> bool:
        """Whether there is a model of this name whose weights are here, or whose server has its key."""
        return self.knows(model_id) and self.is_here(self.get(model_id))

    def get(self, model_id: str, modality: Modality | None = None) -> ModelCard:
        """Return a card by its id, however that is spelled; for a name that is new, the folders are read again.

        Raises: UnknownModelError listing what there is.
        """
        problem = "" if self.knows(model_id) else self._read_again()
        cards = self._cards
        card = cards.get(spelled(model_id, cards) or "")
        if card is None or not (modality is None or card.serves(modality)):
            known = ", ".join(card.id for card in self.all(modality)) or "none"
            kind = f"{modality} model" if modality else "model"
            raise UnknownModelError(f"No {kind} is called {model_id!r}; known: {known}.", problem)
        return card

    def available(self, model_id: str | None, modality: Modality) -> ModelCard:
        """Return the card whose model a request may use now; None: the modality's default.

        Raises: UnknownModelError; NotFetchedError with the command that downloads it.
        """
        card = self.default(modality) if model_id is None else self.get(model_id, modality)
        reason = self._availability.unavailable_reason(card) if self._availability else None
        if reason is not None:
            raise reason
        return card

    def is_here(self, card: ModelCard) -> bool:
        """Whether nothing has to be downloaded, built or set before a card's model can be used."""
        return self._availability is None or self._availability.is_listed(card)

    def use(self, modality: Modality, model_id: str) -> None:
        """Make a model the default of a modality. Raises: UnknownModelError.

        A text model that sees becomes that of pictures too, where there is one: the two are one process.
        When another takes its place that does not, pictures have their configured model again.
        """
        card = self.get(model_id, modality)
        with self._writing:
            new = {**self._defaults, modality: card.id}
            if modality == "text" and "vision" in self._defaults:
                if card.sees:
                    new["vision"] = card.id
                elif self._defaults["vision"] == self._defaults.get("text"):
                    new["vision"] = self._configured.get("vision", new["vision"])
            self._defaults = new

    def configure(self, modality: Modality, model_id: str) -> None:
        """Make a model the default of one modality alone, as settings say. Raises: UnknownModelError."""
        card = self.get(model_id, modality)
        with self._writing:
            self._configured = {**self._configured, modality: card.id}
            self._defaults = {**self._defaults, modality: card.id}

    def use_configured(self) -> None:
        """Use the models of the settings again."""
        with self._writing:
            self._defaults = dict(self._configured)

    def add(self, card: ModelCard) -> None:
        """Let a card be asked for until the program ends; it takes the place of one of its name.

        Raises: UnsupportedInputError if that name is the default of another modality.
        """
        card = self._adapt(card)
        with self._writing:
            if card.id in self._defaults_besides(card):
                raise UnsupportedInputError(
                    f"{card.id!r} is the name of a model in use for something else than "
                    f"{card.modality}.",
                    "Choose another name.",
                )
            self._added = {**self._added, card.id: card}
            self._cards = {**self._cards, card.id: card}

    def renew(self) -> None:
        """Read the folders again, for who has just written there; an error is logged."""
        self._reranker.forget()
        self._read_again()

    def _defaults_besides(self, card: ModelCard) -> set[str]:
        """Ids of the defaults of what the card does not do."""
        return {model_id for name, model_id in self._defaults.items() if not card.serves(name)}

    def _read(self) -> dict[str, ModelCard]:
        return {name: self._adapt(card) for name, card in self._read_cards().items()}

    def _read_again(self) -> str:
        """Read the folders; returns why that was not possible, "" if it was.

        A default stays even if its file has gone, as does one that comes back after a model that sees:
        something must answer.
        """
        try:
            cards = {**self._read(), **self._added}
        except (ConfigError, OSError) as err:
            log.warning("the models could not be read again: %s", err)
            return f"The models' folder could not be read again: {err}"
        with self._writing:
            kept = (*self._configured.items(), *self._defaults.items())
            for modality, model_id in kept:
                if model_id not in cards or not cards[model_id].serves(modality):
                    cards[model_id] = self._cards[model_id]
            self._cards = cards
        return ""
