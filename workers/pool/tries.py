"""Where models ran out of memory while they loaded, and where each may be tried again.

Twice on the same device, the second time after every idle worker there has left; then on the next one
where the model can run.
"""

from __future__ import annotations

from collections.abc import Iterable

from workers.pool.memory.placement import Placement

MAX_TRIES = 2
"""On one device."""


class Tries:
    """Devices by the model's id, each as often as it was tried in vain."""

    def __init__(self) -> None:
        self._failed: dict[str, tuple[str, ...]] = {}

    def left(self, model_id: str, placements: tuple[Placement, ...]) -> tuple[Placement, ...]:
        """Return where a model may still be tried; everywhere, if nowhere is left."""
        tried = self.failed(model_id)
        left = tuple(place for place in placements if tried.count(place.device) < MAX_TRIES)
        if not left:
            self.forget(model_id)
        return left or placements

    def failed(self, model_id: str) -> tuple[str, ...]:
        """Return the devices on which a model has failed."""
        return self._failed.get(model_id, ())

    def note(self, model_id: str, device: str, placements: Iterable[Placement]) -> bool:
        """Note a failure; returns whether there is anything left to try."""
        tried = self._failed[model_id] = (*self.failed(model_id), device)
        if any(tried.count(place.device) < MAX_TRIES for place in placements):
            return True
        self.forget(model_id)
        return False

    def forget(self, model_id: str) -> None:
        """It fitted, or it was given up."""
        self._failed.pop(model_id, None)
