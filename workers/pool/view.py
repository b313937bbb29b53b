"""One worker as others see it: its process, its model, its state. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable

from configs.catalogue import ModelCard
from workers.messages import Ready

from .admission import Admission
from .applicant import Applicant
from .holder import Holder
from .scene import Scene
from .status import WorkerStatus
from .turns import Turns


class WorkerView(Applicant):
    """What may be asked about a worker at any moment."""

    _default: Callable[[], ModelCard]
    _holder: Holder
    _turns: Turns
    _admission: Admission

    @property
    def has_process(self) -> bool:
        """Whether a process exists, whatever its state."""
        return self._holder.has_process

    @property
    def pid(self) -> int | None:
        """Process id; None while asleep."""
        life = self._holder.life
        return life.pid if life is not None else None

    @property
    def loaded(self) -> tuple[ModelCard, Ready] | None:
        """The model in memory, and what its engine said about itself."""
        life = self._holder.life  # once: other threads ask too
        if life is None or life.ready is None:
            return None
        return life.birth.settings.card, life.ready

    @property
    def is_settled(self) -> bool:
        """Whether loading is over, for better or worse."""
        return self._scene.state in ("ready", "busy", "failed", "asleep")

    @property
    def is_working(self) -> bool:
        """Whether its process needs cores now: it loads, or answers."""
        return bool(self._turns.running) or self._holder.phase == "loading"

    @property
    def holder(self) -> Holder:
        """The process and its model."""
        return self._holder

    def status(self, resident_mib: int) -> WorkerStatus:
        """Return what the page shows about this worker."""
        device = self._holder.device
        return self._scene.status(
            resident_mib,
            granted_mib=self._admission.granted_mib(self, device),
            is_pinned=self._admission.is_pinned(self),
        )

    @property
    def _scene(self) -> Scene:
        return Scene(
            holder=self._holder,
            waiting=self._turns.waiting,
            num_running=len(self._turns.running),
            default=self._default(),
            asked=self._admission.asked(self),
            hindrance=self._admission.hindrance(self),
            why_leaving=self._turns.departure.why,
        )
