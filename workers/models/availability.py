"""Whether a model can be used now: its environment and its weights are here, or its key is set.

Weights that may be fetched when they are needed count as here.

The one place that knows: lists of models, and the refusal of a request before anything is put to
sleep for it, both ask here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from configs.catalogue import ModelCard
from configs.secrets import is_listed, key_name
from workers.messages.errors import AppError, MissingKeyError, WeightsError

from .downloads.download import is_downloadable, is_present, license_not_accepted, not_fetched
from .environments.places import Environments
from .weights import find_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What can be used with this data folder."""

    data_dir: Path
    may_fetch: Callable[[str], bool] = lambda model_id: False
    """Whether a model of this id is downloaded when it is needed, if its weights are not here."""

    def is_listed(self, card: ModelCard) -> bool:
        """Whether a model is worth showing to who wants to use one now."""
        if card.source.startswith("remote:"):
            return is_listed(card)
        return self.unavailable_reason(card) is None and self._has_files(card)

    def unavailable_reason(self, card: ModelCard) -> AppError | None:
        """Return why a request for this model is refused at once; None if it is not.

        Only a missing environment, download or key is told here: what else is wrong, loading says
        better.
        """
        if card.source.startswith("remote:"):
            return None if is_listed(card) else missing_key(card, key_name(card))
        if (
            no_place := Environments(data_dir=self.data_dir).unavailable_reason_of(card)
        ) is not None:
            return no_place
        if not is_downloadable(card) or is_present(card, self.data_dir):
            return None
        if not self.may_fetch(card.id):
            return not_fetched(card)
        return license_not_accepted(card) if card.license_restricted else None

    def _has_files(self, card: ModelCard) -> bool:
        if is_downloadable(card):
            return True
        try:
            folder = find_folder(card, self.data_dir)
        except WeightsError:
            return False
        return all((folder / name).is_file() for name in card.files)


def missing_key(card: ModelCard, name: str) -> MissingKeyError:
    """Return what is said when the variable with a remote model's key is not set."""
    host = urlsplit(card.source.removeprefix("remote:")).hostname
    return MissingKeyError(
        f"{card.name} runs on {host}, which asks for a key, and {name} is not set.",
        f"Write {name}=… into the file .env, or set it in the environment.",
    )
