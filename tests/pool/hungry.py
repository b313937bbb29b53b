"""A real worker without weights that takes the memory its card says, for the scheduler's tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from tests.pool.fakes import FakeWorker
from workers.engines.contract import CancelToken
from workers.messages import Event, Ready, Request
from workers.messages.errors import OutOfMemoryError
from workers.messages.process_spec import ReportLoading, WorkerSettings


class HungryWorker:
    """Answers as the fake does, and holds `options.mib` of memory that is really touched.

    A file "oom-<id>" in the data folder with a number in it makes so many loads run out of memory; a
    file "kill-<id>-before" or "-after" ends the process there, once, as kill -9 does.
    """

    def load(self, settings: WorkerSettings, report: ReportLoading) -> Ready:
        self._fake = FakeWorker()
        ready = self._fake.load(settings, report)
        folder, model = settings.data_dir, settings.card.id
        _die_if(folder / f"kill-{model}-before")
        mib = int(settings.card.options["mib"])
        _run_out_if(folder / f"oom-{model}", mib)
        self._held = bytearray(mib << 20)
        self._held[::4096] = b"\1" * (mib << 8)  # untouched pages are not resident
        _die_if(folder / f"kill-{model}-after")
        return ready

    def handle(self, request: Request, cancel: CancelToken) -> Iterator[Event]:
        yield from self._fake.handle(request, cancel)

    def close(self) -> None:
        pass


def _die_if(order: Path) -> None:
    if order.exists():
        order.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _run_out_if(order: Path, mib: int) -> None:
    if not order.exists():
        return
    left = int(order.read_text()) - 1
    order.write_text(str(left)) if left else order.unlink()
    raise OutOfMemoryError(f"The fake needs {mib} MiB more.")
