"""Whose turn it is at one worker: asks for memory, sends, changes the model, lets the process leave.

Requests are served in the order in which they came, whatever model they want. When the next one wants
another, what runs is finished, the process exits, and one with the other model is started.

Everything here looks at how things are and does what they ask for; called once too often, it does
nothing. So a step that was missed is made up for at the next tick.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from configs.catalogue import ModelCard
from workers.messages import LoadFailed

from .decision import next_decision
from .departure import Departure
from .ending import Ending
from .guard import in_words
from .pending import PendingRequest
from .process import WorkerProcess
from .request_queue import RequestQueue
from .requester import Requester, not_served
from .running import Running
from .scheduler import Scheduler
from .supervisor import Supervisor
from .suspects import refuse

log = logging.getLogger("quintet.pool")


class Turns:
    """The requests of one worker, and what they do with its process."""

    def __init__(
        self,
        who: Requester,
        supervisor: Supervisor,
        scheduler: Scheduler,
        again: Callable[[], None],
    ) -> None:
        """`again` calls `advance`, and tells those who wait."""
        self._again = again
        self.waiting = RequestQueue()
        self.running = Running()
        self.departure = Departure()
        self._estimating: ModelCard | None = None
        self._who = who
        self._supervisor = supervisor
        self._scheduler = scheduler

    def advance(self) -> None:
        """Do what the line asks for: ask for memory, send, or change the model."""
        self._ask_if_absent()
        while (process := self._supervisor.process) is not None and process.phase in (
            "loading",
            "ready",
        ):
            if not self._serve(process):
                break

    def fail(self, card: ModelCard, failure: LoadFailed) -> None:
        """Fail everybody who waits for a model."""
        for pending in self.waiting.take_for(card):
            pending.fail(failure.code, failure.message, failure.hint)
        self.withdraw_if_unwanted()

    def fail_all(self, ending: Ending, now: float) -> None:
        """The process has gone: fail what ran, and whoever waits with a wish that has killed too many."""
        self.running.fail_all(ending, now)
        for pending in self.waiting.take_if(lambda pending: self.running.is_poison(pending, now)):
            refuse(pending)
        self.withdraw_if_unwanted()

    def knows(self, request_id: str) -> bool:
        """Whether a request waits or runs here."""
        return self.running.get(request_id) is not None or self.waiting.knows(request_id)

    def withdraw_if_unwanted(self) -> None:
        """Leave the line for memory if nobody waits any more."""
        if not self.waiting:
            self._scheduler.withdraw(self._who)

    @property
    def must_answer_first(self) -> bool:
        """Whether the process would be wasted on those whom it was started for, if it left now."""
        must_serve = self.departure.must_serve_first(self.waiting.first)
        if self.departure.is_requested:
            return must_serve or bool(self.running)
        return must_serve and self._supervisor.phase == "loading"

    def leave_if_done(self) -> None:
        """Let the process go, if it was asked to, once it has done what it was started for."""
        if (
            self.departure
            and not self.departure.is_requested
            and self._scheduler.is_pinned(self._who)
        ):
            self.departure.forget()  # it was pinned since
        must_serve = self.departure.must_serve_first(self.waiting.first)
        if self.departure and not self.running and not must_serve:
            self._supervisor.stop()

    def _ask_if_absent(self) -> None:
        while (first := self.waiting.first) is not None and not self._supervisor.has_process:
            if self._supervisor.will_restart and first.card == self._supervisor.card:
                break  # it comes after the pause
            if self._scheduler.asked(self._who) == first.card:
                break  # its turn has not come
            self._scheduler.request(self._who, first.card)  # refused: nobody waits for it any more

    def _serve(self, process: WorkerProcess) -> bool:
        """Give the process as much as it has slots for; returns whether there is more to do.

        The rest waits here, where it can be seen, cancelled at once, and outlive the process.
        """
        self.leave_if_done()
        if self.departure and not self.departure.must_serve_first(self.waiting.first):
            return False
        decision = next_decision(
            self.waiting.cards,
            self._supervisor.card,
            num_running=len(self.running),
            num_slots=process.ready.slots if process.ready is not None else 0,
        )
        for _ in range(decision.num_to_send):
            if self.departure and not self.departure.must_serve_first(self.waiting.first):
                break
            self._send(process, self.waiting.pop_first())
        return self._change(process) if decision.must_change else False

    def _send(self, process: WorkerProcess, pending: PendingRequest) -> None:
        self.running.add(pending)
        try:
            process.send(pending.request)
        except Exception as err:  # noqa: BLE001 — what cannot be written down must not hold a slot
            self.running.take_back(pending.request_id)
            sentence = f"The request cannot be sent to a worker: {in_words(err)}."
            pending.fail("bad_request", sentence, "Send plain values only.")

    def _is_estimated(self, card: ModelCard) -> bool:
        """Whether it is known what a model needs: nobody leaves for one that might not fit."""
        if self._estimating is not None:
            return False

        def go_on(outcome: object) -> None:
            self._estimating = None
            if isinstance(outcome, Exception):
                self.fail(card, not_served(card, outcome))
            self._again()

        if self._scheduler.estimates.known(card) is not None:
            return True
        self._estimating = card
        self._scheduler.estimates.soon(card, go_on)
        return False

    def _change(self, process: WorkerProcess) -> bool:
        """Let another model take the process's place, unless there will be no room for it."""
        first = self.waiting.first
        if first is not None and not self._is_estimated(first.card):
            return False
        failure = self._scheduler.refusal(first.card) if first is not None else None
        if first is None or failure is None:
            log.info(
                "%s puts %s to sleep for another",
                self._supervisor.card.modality,
                self._supervisor.card.id,
            )
            process.stop()
            return False
        self.fail(first.card, failure)
        return True
