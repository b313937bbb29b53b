"""Who gets memory next: workers that want to start stand in one line, first come, first served.

    ask → (others asked to leave → their processes exit → the bytes are back) → admit
                                                          ↘ nothing helps → refuse, with the numbers

Belongs to the pool's event loop. Decides nothing itself: where a model goes and who leaves for it are
pure functions (`workers.pool.memory.placement`), asked again after every exit, with what the operating
system says is free then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from configs.catalogue import ModelCard
from workers.messages import LoadFailed
from workers.pool.memory.eviction import Tenant
from workers.pool.memory.ledger import Ledger
from workers.pool.memory.machine import DeviceMemory
from workers.pool.memory.placement import Decision, Placement, missing_mib, place
from workers.pool.memory.plan import Scene, plan

from .applicant import Applicant
from .guard import in_words
from .status import MemoryStatus
from .tries import Tries
from .world import World

BYTES_BACK_S = 3.0
"""So long after a process has gone, its memory may still be on its way back to the system."""
LOOK_AGAIN_S = 0.05


@dataclass(slots=True, kw_only=True)
class Ask:
    """A worker that wants to start with a model."""

    who: Applicant
    card: ModelCard
    placements: tuple[Placement, ...]


class Admission:
    """The line, and the account that it draws on."""

    def __init__(self, ledger: Ledger, world: World) -> None:
        self._ledger = ledger
        self._world = world
        self._devices: tuple[DeviceMemory, ...] = ()
        """As they were at the last look that succeeded."""
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
        try:
            placements = tuple(self._ledger.places(card))
        except Exception as err:  # noqa: BLE001 — those who wait must hear of it, whatever it is
            self._world.guard.tell("reckoning with a model", err)
            self.withdraw(who)
            who.refuse(card, _unknown(card, err))
            return
        left = self._tries.left(card.id, placements)
        self._stand(Ask(who=who, card=card, placements=left))
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
        return self._tries.note(card.id, device, self._ledger.places(card))

    def refusal(self, card: ModelCard, others: Iterable[ModelCard] = ()) -> LoadFailed | None:
        """Return why a model will not fit whoever leaves; None if it will."""
        told = plan(card, self.scene(), self._ledger.places, others)
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
        devices = self._look()
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
            while self._line and self._serve_or_drop(self._line[0]):
                pass
        finally:
            self._is_settling = False
            if self._line:
                self._look_again_soon()

    def _serve_or_drop(self, ask: Ask) -> bool:
        """As `_serve`; one that it fails for is refused, or nobody behind would ever be served."""
        try:
            return self._serve(ask)
        except Exception as err:  # noqa: BLE001 — the line goes on, whatever it is
            self._world.guard.tell("the line for memory", err)
            self._line = [other for other in self._line if other is not ask]
            self._world.guard.run("a refusal", ask.who.refuse, ask.card, _unknown(ask.card, err))
            return True

    def shed(self) -> None:
        """Let idle workers leave if more is held than the budget allows, or the system has."""
        account = self._ledger.account
        tenants = self._tenants()
        staying = [tenant for tenant in tenants if not self._leaves(tenant)]
        leaving = [tenant.name for tenant in tenants if self._leaves(tenant) and not tenant.is_busy]
        for tenant in account.overdrawn(self._look(), staying, leaving):
            self._applicants[tenant.name].make_room("other programs")

    def _serve(self, ask: Ask) -> bool:
        """Do what the first in line needs; returns whether it has left the line."""
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
        if not ask.who.is_wanted:
            return place([replace(p, may_evict=False) for p in ask.placements], rooms, staying)
        decision = place(ask.placements, rooms, staying)
        tried = self._tries.failed(ask.card.id)
        if decision is None or decision.placement.device not in tried:
            return decision
        idle = tuple(t for t in staying if not (t.is_busy or t.is_pinned))
        return replace(
            decision, leavers=tuple({t.name: t for t in (*decision.leavers, *idle)}.values())
        )

    def _give_up(self, ask: Ask, *, is_clear: bool) -> bool:
        """Refuse, unless memory is still on its way back."""
        may_come = not is_clear or self._world.now - self._last_release < BYTES_BACK_S
        if may_come and ask.who.is_wanted:
            return False
        self._line.remove(ask)
        if not ask.who.is_wanted:
            return True
        failure = self.refusal(ask.card) or LoadFailed(
            code="out_of_memory", message=f"There is no room for {ask.card.name} now."
        )
        ask.who.refuse(ask.card, failure)
        return True

    def _look(self) -> tuple[DeviceMemory, ...]:
        """Look how much memory there is; if that cannot be seen now, as much as at the last look."""
        try:
            self._devices = self._ledger.account.devices()
        except Exception as err:  # noqa: BLE001 — no file left to look into, say; the line goes on
            self._world.guard.tell("looking at the memory", err)
        return self._devices

    def _tenants(self) -> list[Tenant]:
        account = self._ledger.account
        return [
            applicant.tenant(held_mib, is_pinned=name in account.pinned)
            for name, applicant in self._applicants.items()
            if (held_mib := account.held_mib(name))
        ]

    def _leaves(self, tenant: Tenant) -> bool:
        return self._applicants[tenant.name].is_leaving

    def _look_again_soon(self) -> None:
        if self._look_again is None:
            self._look_again = self._world.loop.call_later(LOOK_AGAIN_S, self._looked)

    def _looked(self) -> None:
        self._look_again = None
        self.settle()

    def _advice(self, card: ModelCard) -> str:
        account = self._ledger.account
        awake = account.pinned & account.holdings().keys()
        pinned = ", ".join(sorted(awake - {card.modality}))
        unpin = f", unpin a worker ({pinned})" if pinned else ""
        return f"Choose a smaller model{unpin}, or raise the memory budget."


def _unknown(card: ModelCard, err: Exception) -> LoadFailed:
    sentence = f"{card.name} could not be given memory: {in_words(err)}."
    return LoadFailed(code="load_failed", message=sentence, hint="The log says more.")
