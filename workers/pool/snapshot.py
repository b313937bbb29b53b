"""One worker at one moment, as people are told of it: its state, its model, why a request waits."""

from __future__ import annotations

from dataclasses import dataclass

from configs.catalogue import ModelCard
from workers.messages import Loading, Modality, Ready
from workers.pool.memory.machine import CPU
from workers.pool.memory.placement import Placement

from .pending import PendingRequest
from .request_queue import RequestQueue
from .status import State, WorkerStatus
from .supervisor import Supervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSnapshot:
    """What a worker's parts look like from outside; used at once, never kept."""

    modality: Modality
    supervisor: Supervisor
    waiting: RequestQueue
    num_running: int
    default: ModelCard
    """The model that a sleeping worker would be woken with."""
    asked: ModelCard | None = None
    """The model that it waits for memory for."""
    waiting_reason: str = ""
    """What keeps it from that memory; "" if nothing is known to."""
    why_leaving: str = ""
    """Why the process leaves as soon as it can: "making room for Whisper"."""

    @property
    def state(self) -> State:
        """Where the worker is on its way; one that leaves for another model is already loading."""
        phase = self.supervisor.phase
        if phase == "ready" and self.num_running:
            return "busy"
        if self.asked is not None and self.waiting.first is not None:
            return "loading"
        return "loading" if self._successor is not None else phase

    @property
    def card(self) -> ModelCard:
        """The model that is loaded, being loaded or that failed; else the one to be woken."""
        if self._successor is not None:
            return self._successor
        if self.asked is not None:
            return self.asked
        return self.default if self.supervisor.phase == "asleep" else self.supervisor.card

    @property
    def loading(self) -> Loading | None:
        """How far that model is on its way into memory."""
        if self._successor is not None:
            return Loading(what=f"putting {self.supervisor.card.name} to sleep")
        if self.asked is not None:
            return Loading(what=self._awaiting_memory)
        return self.supervisor.loading

    @property
    def _awaiting_memory(self) -> str:
        return (
            f"waiting for memory: {self.waiting_reason}"
            if self.waiting_reason
            else "waiting for memory"
        )

    @property
    def _successor(self) -> ModelCard | None:
        """The model that comes when the process that is leaving has gone."""
        first = self.waiting.first
        return first.card if first is not None and self.supervisor.phase == "stopping" else None

    def reason(self, pending: PendingRequest, num_ahead: int, num_changes: int) -> str:
        """Say why a request waits (see `workers.pool.request_queue.SayReason`)."""
        name, num_before = pending.card.name, num_ahead + self.num_running
        ahead = f"{num_before} ahead, then " if num_before else ""
        if self.why_leaving and self.supervisor.phase == "ready":
            return f"{ahead}{self.why_leaving}, then waking {name} again"
        if num_changes:
            return f"{ahead}waking {name}"
        if self.supervisor.phase == "ready":
            return f"{num_before} ahead for {name}"
        if self.asked is not None and self._successor is None:
            return f"{name} is {self._awaiting_memory}"
        return f"waking {name}: {self.loading.what if self.loading else self.state}"

    def status(
        self,
        resident_mib: int,
        *,
        granted_mib: int = 0,
        is_pinned: bool = False,
        leaves_at: float | None = None,
    ) -> WorkerStatus:
        """Return what the page shows."""
        process, ready, failure = (
            self.supervisor.process,
            self.supervisor.ready,
            self.supervisor.failure,
        )
        placement = self.supervisor.placement if process else None
        detail = self.loading.what if self.loading else ""
        if failure is not None:
            detail = f"{failure.message} {failure.hint}".strip()
        return WorkerStatus(
            modality=self.modality,
            model=self.card.name,
            model_id=self.card.id,
            state=self.state,
            detail=detail,
            progress=self.loading.fraction if self.loading else None,
            device=ready.device if ready else "",
            is_on_graphics=_is_on_graphics(placement, ready),
            pid=process.pid if process else None,
            resident_mib=resident_mib,
            granted_mib=granted_mib,
            is_pinned=is_pinned,
            leaves_at=leaves_at if process and not is_pinned else None,
            memory_estimate=placement.memory_estimate if placement else None,
            num_running=self.num_running,
            num_waiting=len(self.waiting),
            slots=ready.slots if ready else 0,
            threads=process.threads if process else 0,
            num_deaths=self.supervisor.num_deaths,
        )


def _is_on_graphics(placement: Placement | None, ready: Ready | None) -> bool:
    """Whether the weights were to go to a graphics device, and the engine says that they did."""
    return (
        placement is not None and ready is not None and CPU not in (placement.device, ready.device)
    )
