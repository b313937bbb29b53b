"""Who gets memory next: workers that want to start stand in one line, first come, first served.

    ask → (others asked to leave → their processes exit → the bytes are back) → admit
                                                          ↘ nothing helps → refuse, with the numbers

Belongs to the pool's event loop. Decides nothing itself: where a model goes and who leaves for it are
pure functions (`workers.pool.memory.placement`), asked again after every exit, with what the operating
system said was free at the last look (`workers.pool.sampler`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from configs.catalogue import ModelCard
from workers.messages import LoadFailed
from workers.pool.memory.eviction import Tenant
from workers.pool.memory.ledger import Ledger
from workers.pool.memory.placement import Decision, Placement, missing_mib, place
from workers.pool.memory.plan import Scene, plan

from .applicant import Applicant, Ask, not_served
from .estimates import Estimates
from .sample import Sample
from .status import MemoryStatus
from .tries import Tries
from .world import World

BYTES_BACK_S = 3.0
"""So long after a process has gone, its memory may still be on its way back to the system."""
LOOK_AGAIN_S = 0.05


class Admission:
    """The line, and the account that it draws on."""

    def __init__(
        self, ledger: Ledger, estimates: Estimates, world: World, look: Callable[[], None]
    ) -> None:
        """`look` has the machine looked at; `on_sample` follows."""
        self._ledger = ledger
        self.estimates = estimates
        self._world = world
        self._look = look
        self._sample = Sample()
        self._line: list[Ask] = []
        self._applicants: dict[str, Applicant] = {}
        self._tries = Tries()
        self._last_release = 0.0
        self._is_settling = False
        self._look_again: asyncio.TimerHandle | None = None

    # --- what workers say ------------------------------------------------------------------------

    def join(self, applicant: Applicant) -> None:
        """Take a worker into the account."""
        self._applicants[applicant.modality] = applicant

    def ask(self, who: Applicant, card: ModelCard) -> None:
        """Stand in line for memory; `admit` or `refuse` follows, perhaps before this returns.

        One that stands in it already keeps its place: those before it may change their minds, or
        leave, as often as they like.
        """
        ask = Ask(who=who, card=card, since=self._world.now)
        self._stand(ask)
        known = self.estimates.known(card)
        if known is not None:
            self._estimated(ask, known)
            return
        self.estimates.soon(card, partial(self._estimated, ask))

    def _estimated(self, ask: Ask, placements: tuple[Placement, ...] | Exception) -> None:
        if not any(other is ask for other in self._line):
            return  # it has left, or wants another model
        if isinstance(placements, Exception):
            self._line = [other for other in self._line if other is not ask]
            ask.who.refuse(ask.card, not_served(ask.card, placements))
            return
        ask.placements = self._tries.left(ask.card.id, placements)
        self.settle()

    def _stand(self, ask: Ask) -> None:
        if self.asked(ask.who) is None:
            self._line.append(ask)
        else:
            self._line = [ask if other.who is ask.who else other for other in self._line]

    def withdraw(self, who: Applicant) -> None:
        """Leave the line; nothing happens if the worker is not in it."""
        self._line = [ask for ask in self._line if ask.who is not who]

    def asked(self, who: Applicant) -> ModelCard | None:
        """Return the model that a worker stands in line for; None if it does not."""
        return next((ask.card for ask in self._line if ask.who is who), None)

    def hindrance(self, who: Applicant) -> str:
        """Say what a worker in line waits for: "Whisper is at work"; "" if only for the bytes."""
        if self.asked(who) is None:
            return ""
        if self._line[0].who is not who:
            return f"after {self._line[0].card.name}"
        leaving = [t for t in self._tenants() if t.name != who.modality and self._leaves(t)]
        busy = " and ".join(tenant.model for tenant in leaving if tenant.is_busy)
        if busy:
            return f"{busy} {'are' if ' and ' in busy else 'is'} at work"
        asleep_soon = " and ".join(tenant.model for tenant in leaving)
        return f"putting {asleep_soon} to sleep" if leaving else ""

    @property
    def has_line(self) -> bool:
        """Whether anybody stands in line."""
        return bool(self._line)

    def is_pinned(self, who: Applicant) -> bool:
        """Whether a worker stays awake whatever comes."""
        return who.modality in self._ledger.account.pinned

    def release(self, who: Applicant) -> None:
        """A worker's process has gone."""
        self._ledger.account.release(who.modality)
        self._last_release = self._world.now

    def on_loaded(self, card: ModelCard) -> None:
        """It fitted: what failed before is forgotten."""
        self._tries.forget(card.id)

    def may_retry(self, card: ModelCard, device: str) -> bool:
        """Note that a model ran out of memory while it loaded; returns whether to ask again."""
        return self._tries.note(card.id, device, self.estimates.known(card) or ())

    def refusal(self, card: ModelCard) -> LoadFailed | None:
        """Return why a model will not fit whoever leaves; None if it will, or if nobody knows yet."""
        placements = self.estimates.known(card)
        if placements is None:
            return None
        told = plan(card, self.scene(), lambda _: placements)
        if told.outcome != "too_large":
            return None
        return LoadFailed(
            code="out_of_memory",
            message=f"{told.name} {told.words}: {told.numbers}.",
            hint=told.advice.strip() or self._advice(card),
        )

    def scene(self) -> Scene:
        """Return the memory at this moment."""
        return self.memory().scene

    def memory(self) -> MemoryStatus:
        """Return the account for people, and what plans are made from."""
        account = self._ledger.account
        devices = self._sample.devices
        scene = Scene(rooms_mib=account.rooms(devices), tenants=tuple(self._tenants()))
        return MemoryStatus(
            devices=devices, budget=account.budget, scene=scene, holdings=account.holdings()
        )

    def granted_mib(self, who: Applicant, device: str) -> int:
        """Return what a worker was granted on a device; 0 while it has no process."""
        holding = self._ledger.account.holding(who.modality)
        return holding.granted_mib.get(device, 0) if holding is not None else 0

    # --- who is next -----------------------------------------------------------------------------

    def settle(self) -> None:
        """Admit whoever can be; ask others to leave for the first in line.

        Called again after every exit, every end of a request, and as long as somebody stands in line.
        """
        if self._is_settling:
            return  # a worker that is admitted or asked to leave says so
        self._is_settling = True
        try:
            while (first := self._first) is not None and self._serve_or_drop(first):
                pass
        finally:
            self._is_settling = False
            if self._line:
                self._look_again_soon()

    @property
    def _first(self) -> Ask | None:
        return next((ask for ask in self._line if ask.placements is not None), None)

    def _serve_or_drop(self, ask: Ask) -> bool:
        """As `_serve`; one that it fails for is refused, or nobody behind would ever be served."""
        try:
            return self._serve(ask)
        except Exception as err:  # noqa: BLE001 — the line goes on, whatever it is
            self._world.guard.tell("the line for memory", err)
            self._line = [other for other in self._line if other is not ask]
            self._world.guard.run("a refusal", ask.who.refuse, ask.card, not_served(ask.card, err))
            return True

    def on_sample(self, sample: Sample) -> None:
        """Take what was seen of the machine, and do what follows from it."""
        self._sample = sample
        self._world.guard.run("shedding", self.shed)
        self._world.guard.run("the line for memory", self.settle)

    def shed(self) -> None:
        """Let idle workers leave if more is held than the budget allows, or the system has."""
        account = self._ledger.account
        tenants = self._tenants()
        staying = [tenant for tenant in tenants if not self._leaves(tenant)]
        leaving = [tenant.name for tenant in tenants if self._leaves(tenant) and not tenant.is_busy]
        for tenant in account.overdrawn(self._sample.devices, staying, leaving):
            self._applicants[tenant.name].make_room("other programs")

    def _serve(self, ask: Ask) -> bool:
        """Do what the first in line needs; returns whether it has left the line."""
        if not self._is_seen(self._last_release):
            return False  # or somebody would have to leave for bytes that are back
        rooms = self.scene().rooms_mib
        staying: list[Tenant] = []
        leaving: list[Tenant] = []
        for tenant in self._tenants():
            if tenant.name != ask.who.modality:
                (leaving if self._leaves(tenant) else staying).append(tenant)
        soon = dict(rooms)
        for tenant in leaving:
            for device, mib in tenant.held_mib.items():
                soon[device] = soon.get(device, 0) + mib
        decision = self._decide(ask, soon, staying)
        if decision is None:
            return self._give_up(ask, is_clear=not leaving)
        for tenant in decision.leavers:
            self._applicants[tenant.name].make_room(ask.card.name)
        placement = decision.placement
        is_free = all(mib <= 0 for mib in missing_mib(placement, rooms).values())
        if decision.leavers or not is_free:
            return False
        self._line.remove(ask)
        self._ledger.account.grant(ask.who.modality, placement.need_mib)
        ask.who.admit(ask.card, placement)
        return True

    def _decide(self, ask: Ask, rooms: Mapping[str, int], staying: list[Tenant]) -> Decision | None:
        placements = ask.placements or ()
        if not ask.who.is_wanted:
            return place([replace(p, may_evict=False) for p in placements], rooms, staying)
        decision = place(placements, rooms, staying)
        tried = self._tries.failed(ask.card.id)
        if decision is None or decision.placement.device not in tried:
            return decision
        idle = tuple(t for t in staying if not (t.is_busy or t.is_pinned))
        return replace(
            decision, leavers=tuple({t.name: t for t in (*decision.leavers, *idle)}.values())
        )

    def _give_up(self, ask: Ask, *, is_clear: bool) -> bool:
        """Refuse, unless memory is on its way back, or may have come since the last look."""
        may_come = not is_clear or self._sample.taken - self._last_release < BYTES_BACK_S
        if ask.who.is_wanted and (may_come or not self._is_seen(ask.since)):
            return False
        self._line.remove(ask)
        if not ask.who.is_wanted:
            return True
        failure = self.refusal(ask.card) or LoadFailed(
            code="out_of_memory", message=f"There is no room for {ask.card.name} now."
        )
        ask.who.refuse(ask.card, failure)
        return True

    def _tenants(self) -> list[Tenant]:
        account = self._ledger.account
        return [
            applicant.tenant(held_mib, is_pinned=name in account.pinned)
            for name, applicant in self._applicants.items()
            if (held_mib := account.held_mib(name))
        ]

    def _leaves(self, tenant: Tenant) -> bool:
        return self._applicants[tenant.name].is_leaving

    def _is_seen(self, since: float) -> bool:
        """Whether the machine was looked at since then; if not, it is now."""
        if self._sample.taken < since:
            self._look()
        return self._sample.taken >= since

    def _look_again_soon(self) -> None:
        if self._look_again is None:
            self._look_again = self._world.loop.call_later(LOOK_AGAIN_S, self._looked)

    def _looked(self) -> None:
        self._look_again = None
        self._look()
        self.settle()

    def _advice(self, card: ModelCard) -> str:
        account = self._ledger.account
        awake = account.pinned & account.holdings().keys()
        pinned = ", ".join(sorted(awake - {card.modality}))
        unpin = f", unpin a worker ({pinned})" if pinned else ""
        return f"Choose a smaller model{unpin}, or raise the memory budget."
