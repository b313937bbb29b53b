"""Whether a request may use a model now, and what it is told if not: before anything sleeps for it.

Follows from the model's state (`workers.models.state`). Weights that may be fetched when they are
needed count as here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from configs.catalogue import ModelCard
from workers.messages.errors import AppError, LoadError, NotFetchedError
from workers.specs.spec import may_be_default

from .downloads.download import is_downloadable, license_not_accepted
from .environments.places import environment_of
from .state import ModelState, state_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What can be used with this data folder."""

    data_dir: Path
    may_fetch: Callable[[str], bool] = lambda model_id: False
    """Whether a model of this id is downloaded when it is needed, if its weights are not here."""

    def is_listed(self, card: ModelCard) -> bool:
        """Whether a model is worth showing to who wants to use one now."""
        state = state_of(card, self.data_dir)
        is_lost = state.kind in ("broken", "needs_package")
        return not is_lost and self._reason(card, state) is None

    def unavailable_reason(self, card: ModelCard) -> AppError | None:
        """Return why a request for this model is refused at once; None if it is not.

        Only a missing environment, download or key is told here, and a model that works beside
        another one only: what else is wrong, loading says better, so the files of packages and of
        the user's own folders are not looked at.
        """
        if not may_be_default(card):
            return only_beside(card)
        may_lack = is_downloadable(card) or environment_of(card) or card.is_remote
        return self._reason(card, state_of(card, self.data_dir)) if may_lack else None

    def _reason(self, card: ModelCard, state: ModelState) -> AppError | None:
        if isinstance(state.reason, NotFetchedError) and self.may_fetch(card.id):
            return license_not_accepted(card) if card.license_restricted else None
        return state.reason


def only_beside(card: ModelCard) -> LoadError:
    """Return what is said of a reranker that is asked to work alone."""
    return LoadError(
        f"{card.name} orders passages, but cannot find them: it makes no vectors.",
        f"Set workers.rag.reranker to {card.id}, and workers.rag.model to an embedding model.",
    )
