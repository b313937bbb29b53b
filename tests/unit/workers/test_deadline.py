"""How long was given is told as it was given, however late the request reached the pool."""

from __future__ import annotations

import pickle

from tests.pool.conftest import card, say
from workers.messages import Event, Failed
from workers.messages.deadline import Deadline, deadline_in
from workers.pool.pending import PendingRequest


def test_a_deadline_crosses_to_a_worker_with_what_was_given() -> None:
    sent = say("hello", deadline=deadline_in(0.25))
    received = pickle.loads(pickle.dumps(sent))  # noqa: S301 — our own bytes
    assert received == sent
    assert received.deadline.given_s == 0.25


def test_who_reached_the_pool_late_hears_how_long_was_given() -> None:
    heard: list[Event] = []
    request = say("hello", deadline=Deadline(100.1, 0.1))
    pending = PendingRequest(
        request=request,
        card=card("text"),
        inbox=heard.append,
        submitted=100.07,
        deadline=request.deadline,
    )
    pending.expire(100.2)
    (end,) = heard
    assert isinstance(end, Failed)
    assert end.message.startswith("Fake text did not answer within 0.1 s: ")
