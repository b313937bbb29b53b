"""Waits for one model of a set, which this program downloads or another one does."""

from __future__ import annotations

import threading
from collections.abc import Callable

from workers.messages.errors import DownloadError, DownloadPausedError
from workers.models.manager import ModelManager

from .offer import UNDER_WAY, OfferedModel

POLL_S = 0.25


def pull_and_wait(
    manager: ModelManager,
    model: OfferedModel,
    paused: threading.Event,
    note_speed: Callable[[float], None],
) -> None:
    """Return when a model is here; `note_speed` is told the bytes a second. Raises: AppError; DownloadPausedError."""
    card = model.card
    if not manager.state(card).is_ready:
        manager.pull(card.id, accept_license=True)  # asked for before it began
    while (state := manager.state(card)).kind in UNDER_WAY:
        note_speed(state.download.speed_bytes_s if state.download is not None else 0.0)
        if paused.wait(POLL_S):
            manager.pause(card.id)
            raise DownloadPausedError(f"{card.name} was paused.")
    if state.kind == "paused":
        raise DownloadPausedError(f"{card.name} was paused.")
    if not state.is_ready:
        raise DownloadError(state.hint or f"{card.name}: {state.words}.")
