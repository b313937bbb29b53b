"""A pool in a world that is made up: its clock jumps, its processes and its memory are numbers.

Everything between the requests and the processes is the real pool. A day passes in a second, nothing
depends on the machine, and the same steps lead to the same events.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from configs.catalogue import ModelCard
from tests.pool.conftest import card, place_of, process_spec, say
from tests.pool.simulated_machine import (
    LIMITS,
    MODALITIES,
    ROOM_MIB,
    SEEING,
    SIZES_MIB,
    SLOTS,
    VISION_MIB,
    Errand,
    Machine,
)
from workers.messages import (
    END_EVENTS,
    Event,
    Modality,
    Request,
)
from workers.models.lookup import Models
from workers.pool.host import Host
from workers.pool.memory.eviction import Mib
from workers.pool.memory.machine import DeviceMemory
from workers.pool.memory.manager import MemoryManager
from workers.pool.memory.tracker import Budget, MemoryTracker
from workers.pool.pending import PoolLimits
from workers.pool.pool import Pool


class Granting(MemoryTracker):
    """Remembers by what each grant was made: the process starts a moment later."""

    def __init__(self, machine: Machine, budget: Budget) -> None:
        super().__init__(machine.read, budget)
        self._machine = machine
        self._granted: dict[str, tuple[int, int]] = {}
        """In the order of the grants: what was allowed, and what the others left."""
        self._others_seen_mib = 0

    def headroom(self, devices: Iterable[DeviceMemory]) -> dict[str, int]:
        """Note by which look it is decided: nobody can know what others have taken since."""
        self._others_seen_mib = self._machine.others_seen_mib(devices)
        return super().headroom(devices)

    def grant(self, name: str, need_mib: Mib) -> None:
        self._granted.pop(name, None)
        self._granted[name] = (self.budget.ram_mib or 0, ROOM_MIB - self._others_seen_mib)
        super().grant(name, need_mib)

    def bounds_mib(self, name: str) -> tuple[int, int]:
        """Return what might be held when a process starts, by its grant or by later ones.

        First of all living processes, then of all whose memory is not back.
        """
        names = list(self._granted)
        allowed, left = zip(
            *(self._granted[later] for later in names[names.index(name) :]), strict=True
        )
        return max(allowed), max(left)


@dataclass(slots=True, kw_only=True)
class Ask:
    """A request, and what has been heard of it."""

    request: Request
    model: ModelCard
    since: float
    events: list[Event] = field(default_factory=list)
    ended: float | None = None

    @property
    def end(self) -> Event:
        assert self.ended is not None
        return self.events[-1]


class SimulatedPool:
    """A pool, its machine, and everything that was asked of it."""

    def __init__(
        self, room_mib: int = ROOM_MIB, limits: PoolLimits = LIMITS, *, has_vision: bool = False
    ) -> None:
        """`has_vision`: a fourth worker, of a modality for which the text model `SEEING` can be used too."""
        self.machine = Machine()
        self.loop = self.machine.loop
        self.cards = {found.id: found for found in map(_card_of, SIZES_MIB)}
        self.modalities: tuple[Modality, ...] = MODALITIES
        if has_vision:
            self.modalities += ("vision",)
            self.cards["fake-vision"] = card("vision").model_copy(update={"memory_mib": VISION_MIB})
        self.models = Models(lambda: self.cards, {name: f"fake-{name}" for name in self.modalities})
        self.tracker = Granting(self.machine, budget_of(room_mib))
        memory = MemoryManager(tracker=self.tracker, places=place_of, record=lambda *_: None)
        host = Host(
            new_loop=lambda: self.loop,
            start=self.machine.start,
            in_thread=self.machine.in_thread,
            scales=self.machine,
        )
        self.pool = Pool(
            self.models,
            lambda card, _: process_spec(card, Path("/nowhere"), SLOTS),
            limits,
            memory,
            host,
        )
        self.pool.set_up()
        self.asks: list[Ask] = []
        self.sent_to_sleep: dict[Modality, float] = {}
        """When each worker was told so last."""

    def submit(
        self,
        model: str = "text",
        errand: Errand | None = None,
        timeout_s: float | None = None,
    ) -> Ask:
        deadline = None if timeout_s is None else self.loop.time() + timeout_s
        request = say(str(errand or Errand()), deadline=deadline)
        asked = Ask(request=request, model=self.cards[f"fake-{model}"], since=self.loop.time())

        def deliver(event: Event) -> None:
            if asked.ended is not None:
                self.machine.wrong.append(f"{event} came after the end")
            asked.events.append(event)
            if isinstance(event, END_EVENTS):
                asked.ended = self.loop.time()

        self.asks.append(asked)
        self.pool.submit(request, asked.model, deliver)
        return asked

    def cancel(self, asked: Ask) -> None:
        self.pool.cancel(asked.request.request_id)

    def sleep(self, modality: Modality) -> None:
        """Say so to a worker; to that of pictures is to text, if their models are one a moment later."""
        meant: tuple[Modality, ...] = ("vision", "text") if modality == "vision" else (modality,)
        self.sent_to_sleep.update(dict.fromkeys(meant, self.loop.time()))
        self.pool.sleep(modality)

    def run_for(self, duration_s: float) -> None:
        self.loop.run_for(duration_s)

    def check(self) -> None:
        """Look whether anything happened that must not."""
        assert not self.machine.wrong, self.machine.wrong
        assert not self.pool._guard.faults, "a fault was survived, but it is one"

    @property
    def open(self) -> list[Ask]:
        """Those that have not ended."""
        return [asked for asked in self.asks if asked.ended is None]

    def close(self) -> None:
        """Close the pool as `Pool.close` does; nothing may be left of it."""
        self.pool._is_closed = True
        self.loop.run_until_complete(self.pool._close(10.0))
        self.pool._sampler.close()
        self.run_for(2)
        alive, waiting = self.machine.alive, self.open
        self.loop.close()
        self.check()
        assert not alive, f"{len(alive)} processes are left"
        assert not waiting, f"{len(waiting)} requests have not ended"


def budget_of(room_mib: int) -> Budget:
    return Budget(ram_mib=room_mib, leave_room_mib=0)


def _card_of(name: str) -> ModelCard:
    modality, dash, suffix = name.partition("-")
    found = card(modality, dash + suffix).model_copy(update={"memory_mib": SIZES_MIB[name]})
    projector = {"mmproj": "0" * 64} if name == SEEING else {}
    return found.model_copy(update={"files": {**found.files, **projector}})
