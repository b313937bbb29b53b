"""The pool's fake worker, which also says where it lives."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator

from tests.pool.fakes import FakeWorker
from workers.engines.contract import CancelToken
from workers.messages import Event, Generate, Request, TextDelta


class LookingWorker(FakeWorker):
    """ "where" is answered with its prefix, "path" with its import path, "import X" with whether."""

    def handle(self, request: Request, cancel: CancelToken) -> Iterator[Event]:
        assert isinstance(request, Generate)
        order, _, name = request.messages[-1].text.partition(" ")
        answers: dict[str, Callable[[], str]] = {
            "where": lambda: sys.prefix,
            "path": lambda: "\n".join(sys.path),
            "import": lambda: "there" if importlib.util.find_spec(name) else "missing",
        }
        if order in answers:
            yield TextDelta(request_id=request.request_id, text=answers[order]())
        else:
            yield from super().handle(request, cancel)
