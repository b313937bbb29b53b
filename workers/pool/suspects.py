"""Which requests end the process that works on them, so that these are refused and not the model.

A request is known again by what it asks for, not by its id. Each death puts blame on those that were
being worked on, shared among them; a request that ends well is cleared. Pure: the caller says what time
it is.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Sequence
from dataclasses import replace

from .pending import PendingRequest

MAX_BLAME = 3.0
"""Deaths, alone at work, after which a request is not tried again: one may be chance, as a kill is."""
FORGET_S = 60.0
"""After the last death."""
MAX_KNOWN = 256


class Suspects:
    """What was at work when a process died, and how often."""

    def __init__(self) -> None:
        self._blame: dict[str, tuple[float, float]] = {}
        """Fingerprint → blame, and when it was last put."""

    def record_death(self, requests: Sequence[PendingRequest], now: float) -> None:
        """Blame those that the process worked on when it died."""
        self._forget(now)
        for pending in requests:
            fingerprint = _fingerprint(pending)
            blame, _ = self._blame.pop(fingerprint, (0.0, now))
            self._blame[fingerprint] = (blame + 1 / len(requests), now)
        while len(self._blame) > MAX_KNOWN:
            del self._blame[next(iter(self._blame))]

    def clear(self, pending: PendingRequest) -> None:
        """A request has ended as it should."""
        if self._blame:
            self._blame.pop(_fingerprint(pending), None)

    def is_convicted(self, pending: PendingRequest, now: float) -> bool:
        """Whether it has ended too many processes lately to be tried again."""
        self._forget(now)
        if not self._blame:
            return False
        return self._blame.get(_fingerprint(pending), (0.0, now))[0] >= MAX_BLAME - 1e-9

    def _forget(self, now: float) -> None:
        for fingerprint, (_, since) in list(self._blame.items()):
            if now - since > FORGET_S:
                del self._blame[fingerprint]


def refuse(pending: PendingRequest) -> None:
    """Deliver the failure that says so."""
    pending.fail(
        "bad_request",
        f"{pending.card.name} died {MAX_BLAME:.0f} times while it worked on exactly this request, "
        f"so it is not tried again for {FORGET_S:.0f} s.",
        "Ask for something else; the log says more.",
    )


def _fingerprint(pending: PendingRequest) -> str:
    """Return the same text for the same wish of the same model."""
    asked = replace(pending.request, request_id="", deadline=None)
    try:
        wish = pickle.dumps((pending.card.id, asked))
    except Exception:  # noqa: BLE001 — what cannot be written down is sent to no process, and harms none
        return pending.request_id
    return hashlib.sha256(wish).hexdigest()
