"""Which reranker orders what was found: the one of the settings, or whichever is here.

Pure but for the question whether a model is here, which is asked at most every `CACHE_S`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec

from configs.catalogue import ModelCard
from configs.settings import ANY_RERANKER
from workers.specs.spec import is_reranker, spec_of

CACHE_S = 2.0
"""A list of models asks for each of its rows."""


class RerankerChoice:
    """Safe to use from any thread: what is remembered is replaced as a whole."""

    def __init__(
        self,
        wanted: str | None,
        cards: Callable[[], Iterable[ModelCard]],
        is_here: Callable[[ModelCard], bool],
    ) -> None:
        """`wanted`: a card's id, `ANY_RERANKER`, or None for none."""
        self._wanted = wanted
        self._cards = cards
        self._is_here = is_here
        self._seen: tuple[float, str | None] = (-CACHE_S, None)

    @property
    def is_any(self) -> bool:
        """Whether whichever is here is used, so that each may also be removed."""
        return self._wanted == ANY_RERANKER

    def now(self) -> str | None:
        """Return the id of the reranker that is used; None: there is none."""
        if not self.is_any:
            return self._wanted
        seen_at, found = self._seen
        if time.monotonic() - seen_at > CACHE_S:
            found = self._found()
            self._seen = (time.monotonic(), found)
        return found

    def forget(self) -> None:
        """Look again for who asks next."""
        self._seen = (-CACHE_S, None)

    def _found(self) -> str | None:
        """Of several, the recommended and then the smallest: each question waits for it."""
        usable = [card for card in self._cards() if _can_run(card) and self._is_here(card)]
        usable.sort(key=lambda card: (not card.recommended, card.memory_mib, card.id))
        return usable[0].id if usable else None


def _can_run(card: ModelCard) -> bool:
    """Whether it is a reranker whose libraries are installed, in the documents' own process."""
    spec = spec_of(card)
    if spec is None or not is_reranker(card) or card.environment:
        return False
    return all(find_spec(name) is not None for name in spec.imports)
