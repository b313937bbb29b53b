"""A pool in a world that is made up: its clock jumps, its processes and its memory are numbers.

Everything between the requests and the processes is the real pool. A day passes in a second, nothing
depends on the machine, and the same steps lead to the same events.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from configs.catalogue import ModelCard
from tests.pool.conftest import birth, card, place_of, say
from workers.messages import (
    END_EVENTS,
    Cancel,
    Event,
    Failed,
    Finished,
    Generate,
    LoadFailed,
    Modality,
    Ping,
    Pong,
    Ready,
    Request,
    Started,
)
from workers.messages.process_spec import Birth
from workers.models.lookup import Models
from workers.pool.host import Host, Scales
from workers.pool.job import Patience
from workers.pool.memory.account import Account, Budget
from workers.pool.memory.eviction import Mib
from workers.pool.memory.ledger import Ledger
from workers.pool.memory.machine import CPU, DeviceMemory
from workers.pool.pool import Pool
from workers.pool.vitals import Vitals

MODALITIES: tuple[Modality, ...] = ("text", "stt", "tts")
SIZES_MIB = {"text": 30, "text-b": 40, "text-c": 90, "stt": 30, "stt-b": 60, "tts": 20}
"""Of the models' processes, by the last part of their ids."""
ROOM_MIB = 100
"""So much the machine has to give."""
SLOTS = 2
PATIENCE = Patience(
    max_waiting=6,
    idle_ttl_s=20,
    ping_every_s=2,
    ping_timeout_s=10,
    stall_timeout_s=8,
    spin_timeout_s=16,
    cancel_grace_s=2,
    stop_grace_s=1,
)

Load = Literal["ready", "error", "out_of_memory", "die", "hang"]
"""How a process fares on its way into memory."""


class _NoTime(selectors.SelectSelector):
    """Instead of waiting, lets the clock jump."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will ever happen"
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs timers as soon as nothing else is to do."""

    def __init__(self) -> None:
        self._jumping = _NoTime()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    call_soon_threadsafe = asyncio.SelectorEventLoop.call_soon  # there is one thread

    def run_for(self, duration_s: float) -> None:
        """Let so much time pass."""
        self.call_later(duration_s, self.stop)
        self.run_forever()


@dataclass(slots=True, kw_only=True)
class Fate:
    """What the next process that is started meets."""

    load: Load = "ready"
    load_s: float = 1.0
    is_stubborn: bool = False
    """It leaves only by force."""


@dataclass(slots=True, kw_only=True)
class Errand:
    """A request as the simulated engine sees it, written into its text."""

    takes_s: float = 1.0
    end: Literal["finish", "fail", "die", "deaf", "spin"] = "finish"
    """"deaf" does nothing for ever, and "spin" computes for ever; neither can be stopped."""

    @property
    def is_endless(self) -> bool:
        return self.end in ("deaf", "spin")

    def __str__(self) -> str:
        return f"{self.takes_s} {self.end}"


class FakeProcess:
    """One process of the made-up world; what it holds is there from its start to its exit."""

    def __init__(
        self,
        machine: Machine,
        birth: Birth,
        fate: Fate,
        on_message: Callable[[object], None],
        on_exit: Callable[[str], None],
    ) -> None:
        self.machine, self.birth, self.fate = machine, birth, fate
        self.model = birth.settings.card
        self.pid = machine.next_pid()
        self.born = machine.loop.time()
        self.running: dict[str, Errand] = {}
        self.is_ready = self.is_gone = self.is_stopping = self.is_silent = False
        self._on_message, self._on_exit = on_message, on_exit
        self._last_news = 0.0
        machine.loop.call_later(fate.load_s, self._loaded)

    # --- what the pool does with it --------------------------------------------------------------

    def send(self, request: Request) -> None:
        assert isinstance(request, Generate)
        if not self.is_ready or len(self.running) >= SLOTS:
            self.machine.wrong.append(f"sent to {self.model.id}, which has no slot to spare")
        takes_s, end = request.messages[-1].text.split()
        errand = Errand(takes_s=float(takes_s), end=end)  # type: ignore[arg-type]
        self.running[request.request_id] = errand
        self._say(Started(request_id=request.request_id, queue_wait_s=0, load_s=0))
        if not errand.is_endless:
            self.machine.loop.call_later(float(takes_s), self._done, request.request_id)

    def control(self, message: object) -> None:
        if isinstance(message, Ping) and not self.is_silent:
            self._say(Pong(progress_at=0.0))
        if isinstance(message, Cancel):
            self._cancel(message.request_id)

    def shut_down(self) -> None:
        self.machine.on_shut_down(self)
        self.is_stopping = True
        for request_id in list(self.running):
            self._cancel(request_id)
        if not self.fate.is_stubborn and (self.is_ready or self.fate.load_s < 2):
            self.machine.loop.call_later(0.1, self.exit, "exited")

    def kill(self) -> None:
        self.machine.loop.call_later(0.01, self.exit, "killed by SIGKILL")

    # --- what it does ----------------------------------------------------------------------------

    def exit(self, reason: str) -> None:
        """Be gone; a second time changes nothing."""
        if not self.is_gone:
            self.is_gone = True
            self.machine.loop.call_later(self.machine.lag_s, self.machine.processes.remove, self)
            self._tell(self._on_exit, reason)

    def _loaded(self) -> None:
        if self.is_gone:
            return
        if self.fate.load == "ready":
            self.is_ready = True
            self._say(Ready(slots=SLOTS, device=CPU, capabilities=frozenset()))
        elif self.fate.load == "die":
            self.exit("killed by SIGSEGV")
        elif self.fate.load != "hang":
            code = "load_failed" if self.fate.load == "error" else self.fate.load
            self._say(LoadFailed(code=code, message=f"The fake does not load: {code}."))
            self.machine.loop.call_later(0.05, self.exit, "exited")

    def _done(self, request_id: str) -> None:
        errand = self.running.get(request_id)
        if errand is None or self.is_gone or self.is_silent:
            return
        if errand.end == "die":
            self.exit("killed by SIGSEGV")
        elif errand.end == "fail":
            self._end(Failed(request_id=request_id, code="unsupported_input", message="No."))
        else:
            self._end(Finished(request_id=request_id, reason="stop"))

    def _cancel(self, request_id: str) -> None:
        errand = self.running.get(request_id)
        if errand is not None and not errand.is_endless and not self.is_silent:
            self._end(Finished(request_id=request_id, reason="cancelled"))

    def _end(self, event: Finished | Failed) -> None:
        del self.running[event.request_id]
        self._say(event)

    def _say(self, message: object) -> None:
        if not (self.is_gone or self.is_silent):
            self._tell(self._on_message, message)

    def _tell(self, call: Callable[..., None], what: object) -> None:
        """News take their time, but never overtake each other."""
        loop = self.machine.loop
        self._last_news = max(self._last_news, loop.time() + self.machine.delay_s)
        loop.call_at(self._last_news, call, what)


class Machine(Scales):
    """The memory and the processes of the made-up world."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.processes: list[FakeProcess] = []
        self.fates: list[Fate] = []
        """What the next processes meet; after them, nothing out of the ordinary."""
        self.lag_s = 0.2
        """How long the memory of a process that has gone is on its way back."""
        self.delay_s = 0.0
        """How long what a process says is on its way."""
        self.thread_s = 0.0
        """How long what is done in a thread takes."""
        self.others_mib = 0
        """What other programs hold."""
        self.seen_others_mib = 0
        """What they held when the pool looked last."""
        self.on_shut_down: Callable[[FakeProcess], None] = lambda process: None
        self.on_start: Callable[[FakeProcess], None] = lambda process: None
        self.wrong: list[str] = []
        """What must never happen and did: told here, as the pool survives whatever is raised."""
        self.started: list[str] = []
        """The models of all processes so far, in order."""
        self._last_pid = 10_000_000

    def next_pid(self) -> int:
        self._last_pid += 1
        return self._last_pid

    def start(
        self, birth: Birth, on_message: Callable[[object], None], on_exit: Callable[[str], None]
    ) -> FakeProcess:
        """See `workers.pool.host.Start`."""
        fate = self.fates.pop(0) if self.fates else Fate()
        process = FakeProcess(self, birth, fate, on_message, on_exit)
        self.processes.append(process)
        self.on_start(process)
        self.started.append(process.model.id)
        return process

    def in_thread(self, name: str, call: Callable[[], None]) -> None:
        """See `workers.pool.host.in_thread`."""
        self.loop.call_later(self.thread_s, call)

    @property
    def alive(self) -> list[FakeProcess]:
        return [process for process in self.processes if not process.is_gone]

    def read(self) -> tuple[DeviceMemory, ...]:
        self.seen_others_mib = self.others_mib
        free_mib = ROOM_MIB - self.others_mib - self.taken_mib
        return (DeviceMemory(device=CPU, name="RAM", total_mib=ROOM_MIB, free_mib=free_mib),)

    @property
    def taken_mib(self) -> int:
        """By all processes whose memory is not back yet."""
        return sum(process.model.memory_mib for process in self.processes)

    def main_mib(self) -> int:
        return 0

    def held_mib(self, pid: int) -> dict[str, int]:
        return {CPU: sum(p.model.memory_mib for p in self.processes if p.pid == pid)}

    def peak_mib(self, pid: int) -> int:
        return 0

    def vitals(self, pid: int | None) -> Vitals | None:
        found = next((process for process in self.alive if process.pid == pid), None)
        if found is None:
            return None
        is_working = any(errand.end == "spin" for errand in found.running.values())
        return Vitals(cpu_s=self.loop.time() if is_working else 0.0, read_bytes=0)


class Granting(Account):
    """Remembers by what each grant was made: the process starts a moment later."""

    def __init__(self, machine: Machine, budget: Budget) -> None:
        super().__init__(machine.read, budget)
        self._machine = machine
        self._granted: dict[str, tuple[int, int]] = {}
        """In the order of the grants: what was allowed, and what the others left."""

    def grant(self, name: str, need_mib: Mib) -> None:
        self._granted.pop(name, None)
        self._granted[name] = (self.budget.ram_mib or 0, ROOM_MIB - self._machine.seen_others_mib)
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

    def __init__(self, room_mib: int = ROOM_MIB, patience: Patience = PATIENCE) -> None:
        self.machine = Machine()
        self.loop = self.machine.loop
        self.cards = {found.id: found for found in map(_card_of, SIZES_MIB)}
        models = Models(lambda: self.cards, {name: f"fake-{name}" for name in MODALITIES})
        self.account = Granting(self.machine, budget_of(room_mib))
        ledger = Ledger(account=self.account, places=place_of, record=lambda *_: None)
        host = Host(
            new_loop=lambda: self.loop,
            start=self.machine.start,
            in_thread=self.machine.in_thread,
            scales=self.machine,
        )
        self.pool = Pool(
            models, lambda card, _: birth(card, Path("/nowhere"), SLOTS), patience, ledger, host
        )
        self.pool.set_up()
        self.asks: list[Ask] = []
        self.told_to_sleep: dict[Modality, float] = {}
        """When each worker was told so last."""

    def submit(
        self,
        model: str = "text",
        errand: Errand | None = None,
        patience_s: float | None = None,
    ) -> Ask:
        deadline = None if patience_s is None else self.loop.time() + patience_s
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
    return card(modality, dash + suffix).model_copy(update={"memory_mib": SIZES_MIB[name]})
