"""One switch that stops whatever a chain of requests has under way, and keeps it from beginning more."""

from __future__ import annotations

import threading
from collections.abc import Callable


class StopSwitch:
    """Safe to press from any thread; pressed, it stays so."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, Callable[[str], None]] = {}
        self.is_pressed = False

    def watch(self, request_id: str, cancel: Callable[[str], None]) -> None:
        """Note a request that has begun, and how it is cancelled: at once, if the switch was pressed."""
        with self._lock:
            self._under_way[request_id] = cancel
            is_late = self.is_pressed
        if is_late:
            cancel(request_id)

    def forget(self, request_id: str) -> None:
        """Note that a request is over."""
        with self._lock:
            self._under_way.pop(request_id, None)

    def press(self) -> None:
        """Cancel what is under way: each request ends as cancelled; later ones do at once."""
        with self._lock:
            self.is_pressed = True
            under_way = list(self._under_way.items())
        for request_id, cancel in under_way:
            cancel(request_id)
