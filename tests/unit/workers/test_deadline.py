"""How long was given is told as it was given, however late the request reached the pool."""

from __future__ import annotations

import pickle

import pytest

from tests.pool.conftest import card, say
from workers.messages import Event, Failed
from workers.messages.deadline import Deadline, deadline_in
from workers.pool.pending import PendingRequest


def test_a_deadline_crosses_to_a_worker_with_what_was_given() -> None:
    sent = say("hello", deadline=deadline_in(0.25))
    received = pickle.loads(pickle.dumps(sent))  # noqa: S301 — our own bytes
    assert received == sent
    assert received.deadline.given_s == 0.25


@pytest.mark.parametrize(
    ("given_s", "in_words"),
    [(0.1, "0.1"), (0.02, "0.02"), (2.5, "2.5"), (30.0, "30"), (1800.0, "1,800")],
)
def test_who_reached_the_pool_late_hears_how_long_was_given(given_s: float, in_words: str) -> None:
    heard: list[Event] = []
    request = say("hello", deadline=Deadline(100.0 + given_s, given_s))
    pending = PendingRequest(
        request=request,
        card=card("text"),
        inbox=heard.append,
        submitted=100.01,
        deadline=request.deadline,
    )
    pending.expire(100.1 + given_s)
    (end,) = heard
    assert isinstance(end, Failed)
    assert end.message.startswith(f"Fake text did not answer within {in_words} s: ")
