"""Where each model could run and what it needs there: worked out in threads, remembered for the loop.

That reads files, and on a machine with a graphics card it may start a program; the loop only looks up
what was worked out last. Safe to use from any thread.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from configs.catalogue import ModelCard
from workers.pool.memory.placement import Placement
from workers.pool.memory.plan import Places

from .world import World


class Estimates:
    """What is known of each model, by the card's id."""

    def __init__(self, places: Places, world: World) -> None:
        self._places = places
        self._world = world
        self._known: dict[str, tuple[ModelCard, tuple[Placement, ...]]] = {}

    def work_out(self, card: ModelCard) -> tuple[Placement, ...]:
        """Look where a model could run now; takes up to 0.1 s, the first time perhaps a minute."""
        placements = tuple(self._places(card))
        self._known[card.id] = card, placements
        return placements

    def soon(
        self, card: ModelCard, then: Callable[[tuple[Placement, ...] | Exception], None]
    ) -> None:
        """Work it out in a thread; `then` is called on the loop. A failure is logged."""

        def tell(outcome: tuple[Placement, ...] | Exception) -> None:
            if isinstance(outcome, Exception):
                self._world.guard.tell("estimating a model", outcome)
            then(outcome)

        self._world.aside("estimate", partial(self.work_out, card), tell)

    def known(self, card: ModelCard) -> tuple[Placement, ...] | None:
        """Return where a model can run, the best place first; None: that is not worked out yet."""
        found = self._known.get(card.id)
        return found[1] if found is not None and found[0] == card else None
