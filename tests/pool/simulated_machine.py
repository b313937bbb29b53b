"""A made-up machine: its processes and its memory are numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from tests.pool.simulated_clock import VirtualLoop
from workers.messages import (
    Cancel,
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
from workers.messages.process_spec import ProcessSpec
from workers.pool.host import Scales
from workers.pool.memory.machine import CPU, DeviceMemory
from workers.pool.pending import PoolLimits
from workers.pool.vitals import Vitals

MODALITIES: tuple[Modality, ...] = ("text", "stt", "tts")
SIZES_MIB = {"text": 30, "text-b": 40, "text-c": 90, "stt": 30, "stt-b": 60, "tts": 20}
"""Of the models' processes, by the last part of their ids."""
SEEING, VISION_MIB = "text-b", 25
"""The text model that answers about pictures too, and the size of the one that does nothing else."""
ROOM_MIB = 100
"""So much the machine has to give."""
SLOTS = 2
LIMITS = PoolLimits(
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
        process_spec: ProcessSpec,
        fate: Fate,
        on_message: Callable[[object], None],
        on_exit: Callable[[str], None],
    ) -> None:
        self.machine, self.process_spec, self.fate = machine, process_spec, fate
        self.model = process_spec.settings.card
        self.pid = machine.next_pid()
        self.asked_for = machine.asked_for.get(self.model.modality, machine.loop.time())
        """When its start began, which takes a thread's time."""
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
            self._say(Pong(progress_at=self._progress_at))
        if isinstance(message, Cancel):
            self._cancel(message.request_id)

    @property
    def _progress_at(self) -> float:
        comes_further = any(not errand.is_endless for errand in self.running.values())
        return self.machine.loop.time() if comes_further else 0.0

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
        self._looks: deque[tuple[tuple[DeviceMemory, ...], int]] = deque(maxlen=64)
        """What was told of the memory lately, and what others held then."""
        self.on_shut_down: Callable[[FakeProcess], None] = lambda process: None
        self.on_start: Callable[[FakeProcess], None] = lambda process: None
        self.wrong: list[str] = []
        """What must never happen and did: told here, as the pool survives whatever is raised."""
        self.started: list[str] = []
        """The models of all processes so far, in order."""
        self.asked_for: dict[str, float] = {}
        """When the start of each modality's process began last."""
        self._last_pid = 10_000_000

    def next_pid(self) -> int:
        self._last_pid += 1
        return self._last_pid

    def start(
        self,
        process_spec: ProcessSpec,
        on_message: Callable[[object], None],
        on_exit: Callable[[str], None],
    ) -> FakeProcess:
        """See `workers.pool.host.Start`."""
        fate = self.fates.pop(0) if self.fates else Fate()
        process = FakeProcess(self, process_spec, fate, on_message, on_exit)
        self.processes.append(process)
        self.on_start(process)
        self.started.append(process.model.id)
        return process

    def in_thread(self, name: str, call: Callable[[], None]) -> None:
        """See `workers.pool.host.in_thread`."""
        if name.endswith("-start"):
            self.asked_for[name.removesuffix("-start")] = self.loop.time()
        self.loop.call_later(self.thread_s, call)

    @property
    def alive(self) -> list[FakeProcess]:
        return [process for process in self.processes if not process.is_gone]

    def read(self) -> tuple[DeviceMemory, ...]:
        free_mib = ROOM_MIB - self.others_mib - self.taken_mib
        seen = (DeviceMemory(device=CPU, name="RAM", total_mib=ROOM_MIB, free_mib=free_mib),)
        self._looks.append((seen, self.others_mib))
        return seen

    def others_seen_mib(self, devices: Iterable[DeviceMemory]) -> int:
        """What other programs held at the look that told this; the latest, if it is none of them."""
        seen_mib = [others_mib for seen, others_mib in self._looks if seen is devices]
        return seen_mib[0] if seen_mib else self.others_mib

    @property
    def taken_mib(self) -> int:
        """By all processes whose memory is not back yet."""
        return sum(process.model.memory_mib for process in self.processes)

    def main_mib(self) -> int:
        return 0

    def in_use_mib(self, pid: int) -> dict[str, int]:
        return {CPU: sum(p.model.memory_mib for p in self.processes if p.pid == pid)}

    def peak_mib(self, pid: int) -> int:
        return 0

    def vitals(self, pid: int | None) -> Vitals | None:
        found = next((process for process in self.alive if process.pid == pid), None)
        if found is None:
            return None
        is_working = any(errand.end == "spin" for errand in found.running.values())
        return Vitals(cpu_s=self.loop.time() if is_working else 0.0, read_bytes=0)
