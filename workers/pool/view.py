"""One worker as others see it: its process, its model, its state. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable

from configs.catalogue import ModelCard
from workers.messages import Modality, Ready

from .idleness import Idleness
from .memory.machine import CPU
from .requester import Requester
from .scheduler import Scheduler
from .snapshot import WorkerSnapshot
from .status import WorkerStatus
from .supervisor import Supervisor
from .turns import Turns


class WorkerView(Requester):
    """What may be asked about a worker at any moment."""

    _default: Callable[[], ModelCard]
    """May be a model that lives elsewhere (`homes`): then this worker sleeps, and is not woken for it."""
    _serves: Callable[[], tuple[Modality, ...]]
    _supervisor: Supervisor
    _turns: Turns
    _scheduler: Scheduler
    _idleness: Idleness

    @property
    def serves(self) -> tuple[Modality, ...]:
        """See `Requester`."""
        return self._serves()

    @property
    def has_process(self) -> bool:
        """Whether a process exists, whatever its state."""
        return self._supervisor.has_process

    @property
    def pid(self) -> int | None:
        """Process id; None while asleep."""
        process = self._supervisor.process
        return process.pid if process is not None else None

    @property
    def loaded(self) -> tuple[ModelCard, Ready] | None:
        """The model in memory, and what its engine said about itself."""
        process = self._supervisor.process  # once: other threads ask too
        if process is None or process.ready is None or process.spec is None:
            return None
        return process.spec.settings.card, process.ready

    @property
    def is_settled(self) -> bool:
        """Whether loading is over, for better or worse."""
        return self._snapshot.state in ("ready", "busy", "failed", "asleep")

    @property
    def is_working(self) -> bool:
        """Whether its process needs cores now: it loads, or answers."""
        return bool(self._turns.running) or self._supervisor.phase == "loading"

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is going on: its process, if it has one, waits for requests."""
        resting = self._supervisor.phase in ("asleep", "ready", "failed")
        return resting and not self._turns.running and not self._turns.waiting

    @property
    def supervisor(self) -> Supervisor:
        """The process and its model."""
        return self._supervisor

    def status(self, resident_mib: int) -> WorkerStatus:
        """Return what the page shows about this worker."""
        placement = self._supervisor.placement
        device = placement.memory_device if placement is not None else CPU
        return self._snapshot.status(
            resident_mib,
            granted_mib=self._scheduler.granted_mib(self, device),
            is_pinned=self._scheduler.is_pinned(self),
            leaves_at=self._idleness.leaves_at,
        )

    @property
    def _snapshot(self) -> WorkerSnapshot:
        return WorkerSnapshot(
            modality=self.modality,
            supervisor=self._supervisor,
            waiting=self._turns.waiting,
            num_running=len(self._turns.running),
            default=self._default(),
            asked=self._scheduler.asked(self),
            waiting_reason=self._scheduler.waiting_reason(self),
            why_leaving=self._turns.departure.why,
        )
