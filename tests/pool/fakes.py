"""A real worker without weights, whose requests choose how it behaves: for the pool's own tests."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from workers.errors import LoadError, UnsupportedInputError
from workers.messages import Event, Finished, Generate, Loading, Ready, Request, TextDelta, Usage
from workers.worker import CancelToken, ReportLoading, WorkerSettings


class FakeWorker:
    """Says the last message back, one word per delta; the first word may be an order.

    "slow …" pauses 10 ms between words; "refuse", "crash", "bug", "die" and "hang" do what they say.
    """

    def load(self, settings: WorkerSettings, report: ReportLoading) -> Ready:
        report(Loading(what="pretending", fraction=0.5))
        self._refusing = settings.data_dir / "refuse-to-load"
        if self._refusing.exists():
            raise LoadError("The fake refuses to load.", hint="Delete the file.")
        if (settings.data_dir / "die-on-load").exists():
            os._exit(7)
        time.sleep(float(settings.limits.get("load_s", 0.0)))
        return Ready(slots=settings.slots, device="cpu", capabilities=frozenset({"echo"}))

    def handle(self, request: Request, cancel: CancelToken) -> Iterator[Event]:
        assert isinstance(request, Generate)
        words = request.messages[-1].text.split()
        order = words[0]
        if order == "refuse":
            raise UnsupportedInputError("The fake refuses this.", hint="Say something else.")
        if order == "bug":
            raise ZeroDivisionError("a bug in the engine")
        if order == "die":
            os._exit(9)
        if order == "hang":
            time.sleep(3600)
        for word in words:
            if cancel.is_cancelled:
                return
            yield TextDelta(request_id=request.request_id, text=word + " ")
            if order == "slow":
                time.sleep(0.01)
        usage = Usage(completion_tokens=len(words))
        yield Finished(request_id=request.request_id, reason="stop", usage=usage)

    def close(self) -> None:
        pass
