"""Who gets memory next: workers that want to start stand in one line, first come, first served.

    request → (others asked to leave → their processes exit → the bytes are back) → admit
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
from workers.pool.memory.eviction import ResidentModel
from workers.pool.memory.manager import MemoryManager
from workers.pool.memory.placement import Decision, Placement, missing_mib, place
from workers.pool.memory.plan import MemorySnapshot, plan

from .estimates import Estimates
from .requester import MemoryRequest, Requester, not_served, will_not_fit
from .sample import Sample
from .status import MemoryStatus
from .tries import Tries
from .world import World

BYTES_BACK_S = 3.0
"""So long after a process has gone, its memory may still be on its way back to the system."""
LOOK_AGAIN_S = 0.05


class Scheduler:
    """The queue for memory, and what it draws on."""

    def __init__(
        self, memory: MemoryManager, estimates: Estimates, world: World, look: Callable[[], None]
    ) -> None:
        """`look` has the machine looked at; `on_sample` follows."""
        self._memory = memory
        self.estimates = estimates
        self._world = world
        self._look = look
        self._sample = Sample()
        self._line: list[MemoryRequest] = []
        self._requesters: dict[str, Requester] = {}
        self._tries = Tries()
        self._last_release = 0.0
        self._is_scheduling = False
        self._look_again: asyncio.TimerHandle | None = None

    # --- what workers say ------------------------------------------------------------------------

    def join(self, requester: Requester) -> None:
        """Let a worker ask for memory."""
        self._requesters[requester.modality] = requester

    def request(self, who: Requester, card: ModelCard) -> None:
        """Stand in line for memory; `admit` or `refuse` follows, perhaps before this returns.

        One that stands in it already keeps its place: those before it may change their minds, or
        leave, as often as they like.
        """
        request = MemoryRequest(who=who, card=card, since=self._world.now)
        self._stand(request)
        known = self.estimates.known(card)
        if known is not None:
            self._estimated(request, known)
            return
        self.estimates.soon(card, partial(self._estimated, request))

    def _estimated(
        self, request: MemoryRequest, placements: tuple[Placement, ...] | Exception
    ) -> None:
        if not any(other is request for other in self._line):
            return  # it has left, or wants another model
        if isinstance(placements, Exception):
            self._line = [other for other in self._line if other is not request]
            request.who.refuse(request.card, not_served(request.card, placements))
            return
        request.placements = self._tries.left(request.card.id, placements)
        self.schedule()

    def _stand(self, request: MemoryRequest) -> None:
        if self.asked(request.who) is None:
            self._line.append(request)
        else:
            self._line = [request if other.who is request.who else other for other in self._line]

    def withdraw(self, who: Requester) -> None:
        """Leave the line; nothing happens if the worker is not in it."""
        self._line = [request for request in self._line if request.who is not who]

    def asked(self, who: Requester) -> ModelCard | None:
        """Return the model that a worker stands in line for; None if it does not."""
        return next((request.card for request in self._line if request.who is who), None)

    def waiting_reason(self, who: Requester) -> str:
        """Say what a worker in line waits for: "Whisper is at work"; "" if only for the bytes."""
        if self.asked(who) is None:
            return ""
        if self._line[0].who is not who:
            return f"after {self._line[0].card.name}"
        leaving = [t for t in self._residents() if t.name != who.modality and self._leaves(t)]
        busy = " and ".join(resident.model for resident in leaving if resident.is_busy)
        if busy:
            return f"{busy} {'are' if ' and ' in busy else 'is'} at work"
        asleep_soon = " and ".join(resident.model for resident in leaving)
        return f"putting {asleep_soon} to sleep" if leaving else ""

    @property
    def has_line(self) -> bool:
        """Whether anybody stands in line."""
        return bool(self._line)

    def is_pinned(self, who: Requester) -> bool:
        """Whether a worker stays awake whatever comes."""
        return not self._memory.tracker.pinned.isdisjoint(who.serves)

    def release(self, who: Requester) -> None:
        """A worker's process has gone."""
        self._memory.tracker.release(who.modality)
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
        load_plan = plan(card, self.snapshot(), lambda _: placements)
        if load_plan.outcome != "too_large":
            return None
        return will_not_fit(load_plan, card, self._memory.tracker, self._requesters)

    def snapshot(self) -> MemorySnapshot:
        """Return the memory at this moment."""
        return self.memory().snapshot

    def memory(self) -> MemoryStatus:
        """Return the memory's state for people, and what plans are made from."""
        tracker = self._memory.tracker
        devices = self._sample.devices
        residents = tuple(self._residents())
        snapshot = MemorySnapshot(headroom_mib=tracker.headroom(devices), residents=residents)
        reserved = tracker.allocations()
        return MemoryStatus(
            devices=devices, budget=tracker.budget, snapshot=snapshot, allocations=reserved
        )

    def granted_mib(self, who: Requester, device: str) -> int:
        """Return what a worker was granted on a device; 0 while it has no process."""
        allocation = self._memory.tracker.allocation(who.modality)
        return allocation.granted_mib.get(device, 0) if allocation is not None else 0

    # --- who is next -----------------------------------------------------------------------------

    def schedule(self) -> None:
        """Admit whoever can be; ask others to leave for the first in line.

        Called again after every exit, every end of a request, and as long as somebody stands in line.
        """
        if self._is_scheduling:
            return  # a worker that is admitted or asked to leave says so
        self._is_scheduling = True
        try:
            while (first := self._first) is not None and self._serve_or_drop(first):
                pass
        finally:
            self._is_scheduling = False
            if self._line:
                self._look_again_soon()

    @property
    def _first(self) -> MemoryRequest | None:
        return next((request for request in self._line if request.placements is not None), None)

    def _serve_or_drop(self, request: MemoryRequest) -> bool:
        """As `_serve`; one that it fails for is refused, or nobody behind would ever be served."""
        try:
            return self._serve(request)
        except Exception as err:  # noqa: BLE001 — the line goes on, whatever it is
            self._world.guard.tell("the line for memory", err)
            self._line = [other for other in self._line if other is not request]
            self._world.guard.run(
                "a refusal", request.who.refuse, request.card, not_served(request.card, err)
            )
            return True

    def on_sample(self, sample: Sample) -> None:
        """Take what was seen of the machine, and do what follows from it."""
        self._sample = sample
        self._world.guard.run("evicting", self.evict_over_budget)
        self._world.guard.run("the line for memory", self.schedule)

    def evict_over_budget(self) -> None:
        """Let idle workers leave if more is in use than the budget allows, or the system has."""
        tracker = self._memory.tracker
        residents = self._residents()
        staying = [resident for resident in residents if not self._leaves(resident)]
        leaving = [one.name for one in residents if self._leaves(one) and not one.is_busy]
        for resident in tracker.over_budget(self._sample.devices, staying, leaving):
            self._requesters[resident.name].evict("other programs")

    def _serve(self, request: MemoryRequest) -> bool:
        """Do what the first in line needs; returns whether it has left the line."""
        if not self._is_seen(self._last_release):
            return False  # or somebody would have to leave for bytes that are back
        headroom = self.snapshot().headroom_mib
        staying: list[ResidentModel] = []
        leaving: list[ResidentModel] = []
        for resident in self._residents():
            if resident.name != request.who.modality:
                (leaving if self._leaves(resident) else staying).append(resident)
        soon = dict(headroom)
        for resident in leaving:
            for device, mib in resident.reserved_mib.items():
                soon[device] = soon.get(device, 0) + mib
        decision = self._decide(request, soon, staying)
        if decision is None:
            return self._give_up(request, is_clear=not leaving)
        for resident in decision.victims:
            self._requesters[resident.name].evict(request.card.name)
        placement = decision.placement
        is_free = all(mib <= 0 for mib in missing_mib(placement, headroom).values())
        if decision.victims or not is_free:
            return False
        self._line.remove(request)
        self._memory.tracker.grant(request.who.modality, placement.need_mib)
        request.who.admit(request.card, placement)
        return True

    def _decide(
        self, request: MemoryRequest, headroom: Mapping[str, int], staying: list[ResidentModel]
    ) -> Decision | None:
        placements = request.placements or ()
        if not request.who.is_wanted:
            return place([replace(p, may_evict=False) for p in placements], headroom, staying)
        decision = place(placements, headroom, staying)
        tried = self._tries.failed(request.card.id)
        if decision is None or decision.placement.device not in tried:
            return decision
        idle = tuple(t for t in staying if not (t.is_busy or t.is_pinned))
        victims = {t.name: t for t in (*decision.victims, *idle)}
        return replace(decision, victims=tuple(victims.values()))

    def _give_up(self, request: MemoryRequest, *, is_clear: bool) -> bool:
        """Refuse, unless memory is on its way back, or may have come since the last look."""
        may_come = not is_clear or self._sample.taken - self._last_release < BYTES_BACK_S
        if request.who.is_wanted and (may_come or not self._is_seen(request.since)):
            return False
        self._line.remove(request)
        if not request.who.is_wanted:
            return True
        failure = self.refusal(request.card) or LoadFailed(
            code="out_of_memory", message=f"There is no room for {request.card.name} now."
        )
        request.who.refuse(request.card, failure)
        return True

    def _residents(self) -> list[ResidentModel]:
        tracker = self._memory.tracker
        return [
            requester.resident(reserved_mib, is_pinned=self.is_pinned(requester))
            for name, requester in self._requesters.items()
            if (reserved_mib := tracker.reserved_mib(name))
        ]

    def _leaves(self, resident: ResidentModel) -> bool:
        return self._requesters[resident.name].is_leaving

    def _is_seen(self, since: float) -> bool:
        """Whether the machine was looked at after that; if not, it is now.

        A look of the same instant, on a clock with coarse ticks, may have come before it.
        """
        if self._sample.taken < since:
            self._look()
        return self._sample.taken > since

    def _look_again_soon(self) -> None:
        if self._look_again is None:
            self._look_again = self._world.loop.call_later(LOOK_AGAIN_S, self._looked)

    def _looked(self) -> None:
        self._look_again = None
        self._look()
        self.schedule()
