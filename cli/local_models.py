"""The models of this machine, for `quintet models`: asked of a manager that starts no pool."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Any

from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.messages import Progress
from workers.messages.amounts import MB
from workers.messages.errors import UnknownModelError, UnsupportedInputError
from workers.models.downloads.progress import DownloadProgress
from workers.models.tuning.book import words_of
from workers.models.tuning.context import with_context
from workers.standalone import build_standalone

from .proposal import Proposal

PAUSE_WAIT_S = 15.0
"""A line that has gone silent is left after ten."""

Report = Callable[[Progress], None]


class LocalModels:
    """What `RemoteModels` does too, done here."""

    def __init__(self, settings: Settings) -> None:
        """Raises: ConfigError, UnknownModelError."""
        standalone = build_standalone(settings)
        self._data_dir = settings.data_dir
        self._models, self._manager = standalone.models, standalone.manager
        self._memory_mib = standalone.pool.memory_mib
        self._context_words = standalone.pool.context_words

    def rows(self, model: str = "") -> list[dict[str, Any]]:
        """Return what is known of all models, or of one. Raises: UnknownModelError."""
        cards = [self._card(model)] if model else self._models.known()
        return [self._row(card) for card in cards]

    def found(self) -> list[dict[str, Any]]:
        """Return the models that other programs keep on this machine, and that are not added yet."""
        return [model.as_dict() for model in self._manager.found()]

    def plans(self, models: Sequence[str]) -> list[dict[str, Any]]:
        """Return for each model whether it fits now; for all if none is named."""
        cards = [self._card(name) for name in models] if models else self._models.known()
        return [self.plan(card) for card in cards if models or not card.is_remote]

    def plan(self, card: ModelCard) -> dict[str, Any]:
        """Return whether a model fits now, and what would have to go."""
        return self._manager.plan(card).as_dict()

    def pull(self, model: str, report: Report, *, accept_license: bool) -> tuple[str, str]:
        """Fetch a model's weights; returns what was said of them before and after."""
        card = self._card(model)
        before = self._manager.state(card).words
        self._manager.fetch(
            card.id, lambda step: report(in_mb(step)), accept_license=accept_license
        )
        return before, self._manager.state(card).words

    def pause(self, model: str) -> str:
        """Pause a download that any program on this data folder runs; returns how it stands."""
        status = self._manager.pause(self._card(model).id, timeout_s=PAUSE_WAIT_S)
        return status.words

    def use(self, model: str, context_tokens: int | None) -> str:
        """Raises: UnsupportedInputError: there is no program that would use it; OutOfMemoryError."""
        card = self._card(model)
        setting = f"QUINTET_WORKERS__{card.modality.upper()}__"
        longer = ""
        if context_tokens is not None:
            with_context(card, context_tokens, self._manager.plan)
            longer = f" {setting}CONTEXT_TOKENS={context_tokens}"
        sees = f" QUINTET_WORKERS__VISION__MODEL={card.id}" if card.sees else ""
        raise UnsupportedInputError(
            "A model is chosen in a Quintet that runs, and kept from then on.",
            f"Name that with --url; or set for every start {setting}MODEL={card.id}{sees}{longer}.",
        )

    def removal(self, model: str) -> str:
        """Return what is asked before a model is removed. Raises: as `ModelManager.removal`."""
        card = self._card(model)
        folder = self._manager.removal(card.id).folder
        return f"Remove {folder or f'the card of {card.name}'}?"

    def remove(self, model: str) -> dict[str, Any]:
        """Remove a model."""
        removed = self._manager.remove(self._card(model).id)
        return {
            "id": removed.card.id,
            "removed": str(removed.folder) if removed.folder else None,
            "freed_mib": removed.freed_mib,
            "forgotten": removed.is_forgotten,
        }

    def propose(self, what: str, model_id: str, modality: str, price: str) -> Proposal:
        """Return what could be added."""
        card = self._manager.propose(what, model_id=model_id, modality=modality, price=price)
        widths = [one.as_dict() for one in self._manager.quantizations(card)]
        return Proposal(card=card, plan=self.plan(card), quantizations=widths)

    def add(self, card: ModelCard, _what: str) -> None:
        """Add a model that was proposed."""
        self._manager.add(card)

    def _row(self, card: ModelCard) -> dict[str, Any]:
        return {
            **card.model_dump(exclude_defaults=False, exclude={"templates"}),
            "memory_mib": self._memory_mib(card),
            "is_default": self._models.default(card.modality).id == card.id,
            "weights": self._manager.state(card).words,
            "context": self._context_words(card),
            "speed": self._manager.plan(card).speed_words,
            "runs": words_of(card, self._data_dir),
            "size_mib": self._manager.size_mib(card),
        }

    def _card(self, model: str) -> ModelCard:
        """Raises: UnknownModelError naming models of like names, those too that are not here yet."""
        try:
            return self._models.get(model)
        except UnknownModelError as err:
            names = [card.id for card in self._models.known()]
            near = difflib.get_close_matches(model, names, cutoff=0.5)
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            sentence = f"No model is called {model!r}.{meant} `quintet models list` shows them all."
            raise UnknownModelError(sentence, err.hint) from err


def in_mb(step: DownloadProgress) -> Progress:
    """Return a download's progress as commands draw it."""
    return Progress(
        request_id="",
        done=step.done_bytes / MB,
        total=(step.total_bytes or 0) / MB,
        unit="MB",
        what=step.what,
    )
