"""A real worker without weights, whose requests choose how it behaves: for the pool's own tests."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator

from workers.engines.contract import CancelToken
from workers.messages import Event, Finished, Generate, Loading, Ready, Request, TextDelta, Usage
from workers.messages.errors import LoadError, UnsupportedInputError
from workers.messages.process_spec import ReportLoading, WorkerSettings


class FakeWorker:
    """Says the last message back, one word per delta; the first word may be an order.

    "slow …" pauses 10 ms between words; "refuse", "crash", "bug", "die", "hang", "who" (answers
    with its model's id), "sent" (with the system's words and the temperature that it was sent) and "breed" (starts a process, answers with its number) do what they say.

    Each process leaves its model's id in the file "loads" of the data folder. A file named
    "refuse-to-load" or "die-on-load", with a model's id behind it or not, does what it says.
    """

    def load(self, settings: WorkerSettings, report: ReportLoading) -> Ready:
        self._id = settings.card.id
        with open(settings.data_dir / "loads", "a", encoding="utf-8") as file:
            file.write(f"{self._id}\n")
        report(Loading(what="pretending", fraction=0.5))
        folder, names = settings.data_dir, ("", f"-{self._id}")
        if any((folder / f"refuse-to-load{name}").exists() for name in names):
            raise LoadError("The fake refuses to load.", hint="Delete the file.")
        if any((folder / f"die-on-load{name}").exists() for name in names):
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
        for word in self._answer(request, words):
            if cancel.is_cancelled:
                return
            yield TextDelta(request_id=request.request_id, text=word + " ")
            if order == "slow":
                time.sleep(0.01)
        usage = Usage(completion_tokens=len(words))
        yield Finished(request_id=request.request_id, reason="stop", usage=usage)

    def _answer(self, request: Generate, words: list[str]) -> list[str]:
        if words[0] == "breed":
            return [str(subprocess.Popen(["sleep", "600"]).pid)]
        if words[0] == "who":
            return [self._id]
        if words[0] == "sent":
            return [request.messages[0].text, str(request.sampling.temperature)]
        return words

    def close(self) -> None:
        pass
