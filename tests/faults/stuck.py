"""A real worker that can get stuck in every way that an engine can, when a request or a file orders it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from tests.pool.fakes import FakeWorker
from workers.engines.contract import CancelToken
from workers.messages import Event, Generate, Ready, Request, TextDelta
from workers.messages.process_spec import ReportLoading, WorkerSettings


class StuckWorker(FakeWorker):
    """FakeWorker, whose "hang" blocks as a C call does; besides, as first word of a request:

    "spin" computes for ever; "toil 4" works for 4 s and says so without any event; "mute 4" does not
    say so. A file "hangs-on-load" in the data folder says how many loads hang, as a line for each.
    """

    def load(self, settings: WorkerSettings, report: ReportLoading) -> Ready:
        if take_line(settings.data_dir / "hangs-on-load"):
            time.sleep(3600)
        return super().load(settings, report)

    def handle(self, request: Request, cancel: CancelToken) -> Iterator[Event]:
        assert isinstance(request, Generate)
        order, *rest = request.messages[-1].text.split()
        if order == "spin":
            while True:
                pass
        if order in ("toil", "mute"):
            end = time.monotonic() + float(rest[0])
            while time.monotonic() < end and not cancel.is_cancelled:
                time.sleep(0.01)
                if order == "toil":
                    cancel.progressed()
            yield TextDelta(request_id=request.request_id, text="done")
            return
        yield from super().handle(request, cancel)


def take_line(file: Path) -> bool:
    """Take the first line off a file; False if there is none."""
    if not file.exists():
        return False
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("".join(f"{line}\n" for line in lines[1:]), encoding="utf-8")
    return bool(lines)
