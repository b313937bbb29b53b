"""What others see of the pool, and which cores its workers have: told anew when something has moved.

A token moves nothing here. What begins or ends a request tells of one worker; all of them are looked at
after each look at the machine, and while somebody stands in line for memory.
"""

from __future__ import annotations

from dataclasses import replace

from workers.messages import Modality

from .cores import Cores
from .handle import WorkerHandle
from .homes import Homes, together
from .sampler import RssSampler
from .scheduler import Scheduler
from .status import PoolStatus, WorkerStatus
from .world import World


class Publisher:
    """Replaces a frozen snapshot. Belongs to the pool's loop; nothing in it raises."""

    def __init__(
        self,
        homes: Homes,
        scheduler: Scheduler,
        sampler: RssSampler,
        world: World,
    ) -> None:
        self.status = PoolStatus()
        """The latest; read from any thread."""
        self._handles = homes.handles
        self._homes = homes
        self._scheduler = scheduler
        self._sampler = sampler
        self._world = world
        self._cores = Cores()
        self._is_binding = False

    def tell_of(self, changed: WorkerHandle) -> None:
        """Tell how one worker is. The others are as they were, unless somebody stands in line."""
        if self._scheduler.has_line:
            self.tell_all()
        else:
            self._world.guard.run("sharing the cores", self._share_cores)
            self._world.guard.run("the status", self._take_one, changed)

    def tell_all(self) -> None:
        """Tell how everything is."""
        self._world.guard.run("sharing the cores", self._share_cores)
        self._world.guard.run("the status", self._take_all)

    def _take_all(self) -> None:
        self.status = PoolStatus(
            workers=tuple(map(self._status_of, self._handles.values())),
            main_resident_mib=self._sampler.latest.main_mib,
            memory=self._scheduler.memory(),
        )

    def _take_one(self, changed: WorkerHandle) -> None:
        new = self._status_of(changed)
        before = next(old for old in self.status.workers if old.modality == new.modality)
        if (new.pid, new.granted_mib) != (
            before.pid,
            before.granted_mib,
        ):  # the memory is another, too
            self._take_all()
            return
        renewed = {name: self._status_of(self._handles[name]) for name in changed.serves[1:]}
        renewed[new.modality] = new
        workers = tuple(renewed.get(old.modality, old) for old in self.status.workers)
        self.status = replace(self.status, workers=workers)

    def _status_of(self, handle: WorkerHandle) -> WorkerStatus:
        own = handle.status(self._sampler.resident_mib(handle.pid))
        home = self._homes.of(handle.modality)
        if home == handle.modality or own.state != "asleep":
            return own
        host = self._handles[home]
        return together(own, host.status(0), self._homes.default(handle.modality))

    def _share_cores(self) -> None:
        busy: dict[Modality, int] = {}
        idle: list[int] = []
        for handle in self._handles.values():
            if (pid := handle.pid) is not None and handle.is_working:
                busy[handle.modality] = pid
            elif pid is not None:
                idle.append(pid)
        self._cores.share(busy, idle)
        self._bind_if_due()

    def _bind_if_due(self) -> None:
        if self._cores.is_due and not self._is_binding:
            self._is_binding = True
            self._world.aside("cores", self._cores.bind, self._on_bound)

    def _on_bound(self, err: Exception | None) -> None:
        self._is_binding = False
        if err is None:
            self._bind_if_due()
