"""The one way to choose a model, whoever asks: the page, HTTP, a download that was asked for, the shell.

What is chosen is used at once by a program that answers requests, and written down, so that every start
uses it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.messages import MODALITIES, Modality
from workers.models.lookup import Models
from workers.models.manager import ModelManager

from .choices import Choices, update_choices

log = logging.getLogger("quintet.models")

NAMED = (
    "the next start uses the model again that a setting, a flag or a profile names "
    "(QUINTET_WORKERS__{modality}__MODEL)"
)
UNWRITABLE = "the next start does not know of it, for the data folder cannot be written: {err}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A model that was chosen, and what follows from it."""

    card: ModelCard
    used_for: tuple[Modality, ...]
    """What it is the default of: text and vision, if it sees."""
    not_kept: str = ""
    """Why the next start uses another one, as half a sentence; "" if it uses this one."""


class ModelChooser:
    """Chooses models on one data folder. Safe to use from any thread."""

    def __init__(
        self, manager: ModelManager, models: Models, settings: Settings, *, is_serving: bool
    ) -> None:
        self._manager = manager
        self._models = models
        self._data_dir = settings.data_dir
        self._named = settings.named_models
        self._is_serving = is_serving
        self._lock = threading.Lock()
        self._choosing = threading.RLock()
        """Held from the question which model is wanted until it is used and written down."""
        self._wanted: dict[Modality, str] = {}
        self._not_kept: dict[Modality, str] = {}

    def want(self, card: ModelCard) -> None:
        """Note that a model is to be used as soon as it is here; what is chosen later wins."""
        with self._lock:
            self._wanted[card.modality] = card.id

    def drop(self, card: ModelCard) -> None:
        """Note that nobody waits for a model any more."""
        with self._lock:
            if self._wanted.get(card.modality) == card.id:
                del self._wanted[card.modality]

    def wants(self, card: ModelCard) -> bool:
        """Whether a model is to be used as soon as it is here."""
        return self._wanted.get(card.modality) == card.id

    def choose(self, model_id: str, context_tokens: int | None = None) -> Chosen:
        """Use a model that is here, now and after every start; with so long a context until Quintet ends.

        Raises: as `ModelManager.use`.
        """
        with self._choosing:
            if self._is_serving:
                card = self._manager.use(model_id, context_tokens)
            else:
                card = self._models.get(model_id)
                self._models.available(card.id, card.modality)
            with self._lock:
                self._wanted.pop(card.modality, None)
                not_kept = self._not_kept[card.modality] = self._keep(card)
        used = self._manager.used_for(card) if self._is_serving else (card.modality,)
        return Chosen(card=card, used_for=used, not_kept=not_kept)

    def choose_if_wanted(self, card: ModelCard) -> None:
        """Use a model that has arrived, unless another one was chosen meanwhile. Raises: as `choose`."""
        with self._choosing:
            if self.wants(card):
                self.choose(card.id)

    def restore(self) -> tuple[ModelCard, ...]:
        """Use what was used before the set for this machine, now and after every start.

        Returns the defaults that have changed by that. Raises: OSError.
        """
        with self._choosing:
            with self._lock:
                self._wanted.clear()
                self._not_kept.clear()
            before = update_choices(self._data_dir, _before).defaults
            if not self._is_serving:
                return ()
            return self._manager.use_again(lambda: use_chosen(self._models, before, self._named))

    def not_kept(self, modality: Modality) -> str:
        """Return why what was chosen for a modality lasts until the end only; "": it is kept."""
        return self._not_kept.get(modality, "")

    def _keep(self, card: ModelCard) -> str:
        """Write it down; returns why that is in vain."""
        if card.modality in self._named:
            return NAMED.format(modality=card.modality.upper())

        def kept_too(choices: Choices) -> dict[str, object]:
            defaults = {**choices.defaults, card.modality: card.id}
            if card.sees:
                defaults.pop("vision", None)  # pictures are its business now
            return {"defaults": defaults}

        try:
            update_choices(self._data_dir, kept_too)
        except OSError as err:
            log.warning("%s: %s", card.id, UNWRITABLE.format(err=err))
            return UNWRITABLE.format(err=err)
        return ""


def _before(kept: Choices) -> dict[str, object]:
    return {"defaults": kept.before, "before": {}, "wanted": (), "is_declined": True}


def use_chosen(
    models: Models, chosen: Mapping[Modality, str], named: tuple[Modality, ...] = ()
) -> None:
    """Use what a person chose, where it is here and the settings (`named`) name nothing else."""
    for modality in MODALITIES:  # text before vision, which it may bring along
        if modality in named or modality not in chosen:
            continue
        model_id = chosen[modality]
        card = models.get(model_id) if models.knows(model_id) else None
        if card is None or card.modality != modality or not models.is_here(card):
            name = card.name if card is not None else model_id
            log.warning(
                "%s: %s was chosen, and is not here; %s is used in its place. Fetch it again "
                "(quintet models setup), or forget it (quintet models setup --undo).",
                modality, name, models.default(modality).name,
            )  # fmt: skip
            continue
        log.info("%s: %s, as it was chosen", modality, card.name)
        models.use(modality, model_id)
