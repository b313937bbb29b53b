"""How long a model stays after a request that says so."""

from __future__ import annotations

import math
import time
from dataclasses import replace

from tests.pool.conftest import MakePool, say
from tests.pool.watching import wait_for, worker
from workers.messages import Finished, LoadModel


def test_a_model_leaves_at_once_if_the_request_says_so(make_pool: MakePool) -> None:
    _, client = make_pool(idle_ttl_s=3600)
    client.run(replace(say("hello"), keep_s=0.0))
    assert worker(client).state != "ready"  # before its end is heard of
    wait_for(lambda: worker(client).state == "asleep")


def test_a_model_stays_for_as_long_as_was_said_last(make_pool: MakePool) -> None:
    _, client = make_pool(idle_ttl_s=0.2)
    client.run(replace(say("hello"), keep_s=3600.0))
    client.run(say("hello"))  # says nothing of it
    leaves_at = worker(client).leaves_at
    assert leaves_at is not None
    assert 3000 < leaves_at - time.monotonic() <= 3600
    client.run(replace(say("hello"), keep_s=math.inf))
    assert worker(client).leaves_at is None
    assert worker(client).pid is not None
    client.run(replace(say("hello"), keep_s=0.1))
    wait_for(lambda: worker(client).state == "asleep")


def test_a_new_process_knows_nothing_of_what_was_said_to_the_last(make_pool: MakePool) -> None:
    _, client = make_pool(idle_ttl_s=600)
    client.run(replace(say("hello"), keep_s=math.inf))
    client.sleep("text")
    wait_for(lambda: worker(client).state == "asleep")
    client.run(say("hello"))
    assert worker(client).leaves_at is not None


def test_a_model_is_loaded_without_being_asked_anything(make_pool: MakePool) -> None:
    _, client = make_pool()
    events = client.run(LoadModel(modality="text", model="fake-text-b"))
    assert isinstance(events[-1], Finished)
    loaded = client.loaded("text")
    assert loaded is not None
    assert loaded.id == "fake-text-b"
