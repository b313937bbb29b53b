"""Cores are shared out among who works, and all of them are used."""

from __future__ import annotations

import os

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pool.conftest import MakePool, say
from tests.pool.watching import LONG, wait_for, worker
from workers.pool.cores import FIRST, share_cores

BUSY = st.lists(st.sampled_from(FIRST), unique=True)


@given(BUSY, st.integers(1, 64))
def test_every_core_is_used_and_none_twice(busy: list[str], num_cores: int) -> None:
    shares = share_cores(busy, range(num_cores))  # type: ignore[arg-type]
    assert set(shares) == set(busy)
    if 2 <= len(busy) <= num_cores:
        assert sum(map(len, shares.values())) == num_cores
        assert set().union(*shares.values()) == set(range(num_cores))
        sizes = sorted(map(len, shares.values()))
        assert sizes[-1] - sizes[0] <= 1
    else:
        assert all(cores == set(range(num_cores)) for cores in shares.values())


def test_chat_gets_the_core_that_does_not_go_round() -> None:
    assert share_cores(("rag", "text"), (0, 1, 2)) == {"text": {0, 1}, "rag": {2}}


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no affinity")
def test_two_that_work_have_cores_of_their_own_until_one_rests(make_pool: MakePool) -> None:
    _, client = make_pool()
    asked = {name: say(LONG) for name in ("text", "stt")}
    for name, request in asked.items():
        client._pool.submit(request, client.models.get(f"fake-{name}"), lambda event: None)
        wait_for(lambda name=name: worker(client, name).num_running == 1)  # type: ignore[misc]
    text, stt = (psutil.Process(worker(client, name).pid) for name in asked)
    every = set(os.sched_getaffinity(0))
    if len(every) > 1:
        wait_for(lambda: set(text.cpu_affinity()) | set(stt.cpu_affinity()) == every)
        assert not set(text.cpu_affinity()) & set(stt.cpu_affinity())
    client.cancel(asked["stt"].request_id)
    wait_for(lambda: set(text.cpu_affinity()) == set(stt.cpu_affinity()) == every)
