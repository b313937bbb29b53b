"""Fetches one model at a click and uses it as soon as it is here. What goes wrong is told, not raised."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from configs.catalogue import ModelCard
from workers.messages import Modality
from workers.messages.errors import AppError, DownloadError
from workers.models.downloads.manager import DownloadState
from workers.models.manager import ModelManager

from .choosing import ModelChooser
from .offer import UNDER_WAY

log = logging.getLogger("quintet.models")

POLL_S = 0.25
SHOWN_S = 60.0
"""How long a failure is told where nobody asked for it; the chip of its tab tells it until the next click."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """A model on its way to this disk."""

    card: ModelCard
    download: DownloadState | None = None
    """None for one that has failed."""
    is_wanted: bool = False
    """Whether it is used as soon as it is here."""
    problem: str = ""
    """Why it has failed, and what to do."""

    @property
    def percent(self) -> int | None:
        """0 to 99; None where the size is not known."""
        return self.download.percent if self.download is not None else None

    @property
    def left_s(self) -> float | None:
        """Seconds that the rest takes at the present speed; None while that is not known."""
        state = self.download
        if state is None or not state.speed_bytes_s or state.total_bytes is None:
            return None
        return max(0, state.total_bytes - state.done_bytes) / state.speed_bytes_s


class ModelGetter:
    """Downloads that end in a model that is used. Safe to use from any thread."""

    def __init__(
        self, manager: ModelManager, chooser: ModelChooser, on_change: Callable[[], None]
    ) -> None:
        """`on_change` is called when something has come to an end."""
        self._manager = manager
        self._chooser = chooser
        self._on_change = on_change
        self._failed: dict[Modality, tuple[float, Fetching]] = {}
        """Seconds of `time.monotonic()` at which it failed, and what."""

    def get(self, model_id: str, *, accept_license: bool = False) -> ModelCard:
        """Begin to fetch a model, which is used when it is here; one that is here is used at once.

        Raises: as `ModelManager.pull` and `ModelChooser.choose`.
        """
        card = self._manager.pull(model_id, accept_license=accept_license)
        self._failed.pop(card.modality, None)
        if self._manager.state(card).is_ready:
            return self._chooser.choose(card.id).card
        self._chooser.want(card)
        threading.Thread(target=self._run, args=(card,), name=f"get {card.id}", daemon=True).start()
        return card

    def forget(self, modality: Modality) -> None:
        """Tell nothing more of a failure: something else was chosen."""
        self._failed.pop(modality, None)

    def running(self) -> tuple[Fetching, ...]:
        """Return what this program downloads now, and what has failed a moment ago."""
        under_way = [
            Fetching(card=card, download=state, is_wanted=self._chooser.wants(card))
            for card, state in self._manager.downloads()
        ]
        now = time.monotonic()
        failed = [what for at, what in list(self._failed.values()) if now - at < SHOWN_S]
        return (*under_way, *failed)

    def on_the_way(self, modality: Modality) -> Fetching | None:
        """Return what a modality is going to use, or what could not be had for it."""
        for card, state in self._manager.downloads():
            if card.modality == modality and self._chooser.wants(card):
                return Fetching(card=card, download=state, is_wanted=True)
        return self._failed[modality][1] if modality in self._failed else None

    def _run(self, card: ModelCard) -> None:
        """The thread: wait until it is here, and use it."""
        try:
            while (state := self._manager.state(card)).kind in UNDER_WAY:
                time.sleep(POLL_S)
            if state.kind == "paused" or not self._chooser.wants(card):
                self._chooser.drop(card)
                return
            if not state.is_ready:
                raise DownloadError(state.hint or f"{card.name}: {state.words}.")
            self._chooser.choose_if_wanted(card)
        except AppError as err:
            self._note(card, str(err))
        except Exception as err:  # a thread has nobody who would catch it
            log.exception("%s could not be used", card.id)
            self._note(card, f"{card.name} could not be used: {err}.")
        finally:
            self._on_change()

    def _note(self, card: ModelCard, why: str) -> None:
        log.warning("%s is not used: %s", card.id, why)
        self._chooser.drop(card)
        self._failed[card.modality] = time.monotonic(), Fetching(card=card, problem=why)
