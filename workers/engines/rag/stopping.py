"""Which cancel token interrupts the calls of a thread: embedders and rerankers compute without being told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from workers.engines.contract import CancelToken


class ThreadCancel:
    """One token per thread, while somebody has set one."""

    def __init__(self) -> None:
        self._now = threading.local()

    @contextmanager
    def set_to(self, cancel: CancelToken) -> Iterator[None]:
        """Let `cancel` be the one of this thread."""
        self._now.cancel = cancel
        try:
            yield
        finally:
            del self._now.cancel

    @property
    def token(self) -> CancelToken:
        """The one of this thread; one that nobody cancels where none is set."""
        token: CancelToken | None = getattr(self._now, "cancel", None)
        return token or CancelToken()
