"""One worker, several models, real processes: failures, deaths and stops while they change."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.pool.changing import A, B, C, freeze, loads, wait_until_loading, who
from tests.pool.conftest import MakePool, say
from tests.pool.watching import LONG, Line, reasons, start_in_background, text_of, wait_for, worker
from workers.messages import Failed, Finished, TextDelta
from workers.messages.errors import LoadError, PoolClosedError, WorkerDiedError


def test_a_model_that_does_not_load_fails_only_those_who_want_it(
    make_pool: MakePool, tmp_path: Path
) -> None:
    refusal = tmp_path / f"refuse-to-load-{B}"
    refusal.touch()
    _, client = make_pool()
    line = Line(client)
    line.submit("first", "slow " * 50)
    for number, model in enumerate([B, C, B, A]):
        line.submit(str(number), "who", model)
    line.wait()
    for name in "02":
        end = line.events[name][-1]
        assert isinstance(end, Failed)
        assert (end.code, end.hint) == ("load_failed", "Delete the file.")
    assert [line.answer(name).strip() for name in "13"] == [C, A]
    assert worker(client).detail == ""
    refusal.unlink()
    assert who(client, B) == B


def test_a_failed_model_is_shown_until_another_is_asked_for(
    make_pool: MakePool, tmp_path: Path
) -> None:
    (tmp_path / f"refuse-to-load-{B}").touch()
    _, client = make_pool()
    with pytest.raises(LoadError):
        client.run(say("hello", model=B))
    assert (worker(client).state, worker(client).model_id) == ("failed", B)
    assert "The fake refuses to load." in worker(client).detail
    assert who(client) == A
    assert (worker(client).state, worker(client).model_id) == ("ready", A)


def test_a_model_that_keeps_dying_does_not_block_another(
    make_pool: MakePool, tmp_path: Path
) -> None:
    (tmp_path / f"die-on-load-{B}").touch()
    _, client = make_pool(max_deaths=3, restart_pause_s=0.01)
    line = Line(client)
    for number, model in enumerate([A, B, C, B, A]):
        line.submit(str(number), "who", model)
    line.wait()
    for name in "13":
        end = line.events[name][-1]
        assert isinstance(end, Failed)
        assert end.message == "Fake text-b died 3 times within 60 s: exit status 7."
    assert [line.answer(name).strip() for name in "024"] == [A, C, A]
    with pytest.raises(WorkerDiedError, match="died 3 times"):
        client.run(say("hello", model=B))
    assert client.loaded("text") == client.card("text")  # nobody was disturbed for it
    assert worker(client).num_deaths == 3


def test_a_pause_before_a_restart_is_not_waited_for_by_another_model(
    make_pool: MakePool,
) -> None:
    _, client = make_pool(restart_pause_s=3600)
    for _ in range(2):
        with pytest.raises(WorkerDiedError):
            client.run(say("die", model=B))
    assert worker(client).state == "loading"  # the second restart is an hour away
    assert who(client) == A


def test_killing_the_process_that_loads_the_other_model(make_pool: MakePool) -> None:
    _, client = make_pool(limits={"load_s": 0.5})
    client.run(say("awake"))
    thread, seen = start_in_background(client, "who", B)
    os.kill(wait_until_loading(client, B), signal.SIGKILL)
    thread.join(120)
    assert text_of(seen).strip() == B
    assert worker(client).num_deaths == 1
    assert any("restarting, was killed by SIGKILL" in reason for reason in reasons(seen))


@pytest.mark.parametrize("is_killed", [True, False])
def test_a_process_that_will_not_leave_is_killed_and_makes_room(
    make_pool: MakePool, is_killed: bool
) -> None:
    _, client = make_pool(stop_grace_s=30 if is_killed else 0.3)
    client.run(say("awake"))
    pid = freeze(client)
    thread, seen = start_in_background(client, "who", B)
    wait_for(lambda: worker(client).detail == "putting Fake text to sleep")
    assert worker(client).model_id == B
    if is_killed:
        os.kill(pid, signal.SIGKILL)
    thread.join(120)
    assert text_of(seen).strip() == B
    assert worker(client).num_deaths == 0


def test_cancelling_who_waits_for_another_model_lets_the_others_go_on(
    make_pool: MakePool, tmp_path: Path
) -> None:
    _, client = make_pool(slots=2)
    line = Line(client)
    running = line.submit("running", LONG)
    other = line.submit("other", "who", B)
    line.submit("behind", "who")
    wait_for(lambda: worker(client).num_running == 1 and worker(client).num_waiting == 2)
    client.cancel(other)
    wait_for(lambda: line.ended == ["other", "behind"])
    client.cancel(running)
    line.wait()
    end = line.events["other"][-1]
    assert isinstance(end, Finished)
    assert end.reason == "cancelled"
    assert loads(tmp_path) == [A]


def test_cancelling_while_the_other_model_loads(make_pool: MakePool, tmp_path: Path) -> None:
    _, client = make_pool(limits={"load_s": 60}, stop_grace_s=0.2)
    line = Line(client)
    other = line.submit("other", "who", B)
    wait_until_loading(client, B)
    client.cancel(other)
    line.submit("third", "who", C)  # nobody waits for what is being loaded: it makes room at once
    wait_until_loading(client, C)
    assert line.ended == ["other"]
    assert loads(tmp_path) == [B, C]


def test_a_deadline_that_passes_frees_those_behind(make_pool: MakePool) -> None:
    _, client = make_pool(slots=2)
    line = Line(client)
    running = line.submit("running", LONG)
    wait_for(lambda: worker(client).num_running == 1)
    late: list[object] = []
    request = say("who", model=B, deadline=time.monotonic() + 0.1)
    client._pool.submit(request, client.models.get(B), late.append)
    line.submit("behind", "who")
    wait_for(lambda: line.ended == ["behind"])
    assert isinstance(late[-1], Failed)
    assert late[-1].code == "timed_out"
    client.cancel(running)
    line.wait()


@pytest.mark.parametrize("detail", ["putting Fake text to sleep", "pretending"])
def test_sleep_during_a_change_only_delays_it(make_pool: MakePool, detail: str) -> None:
    _, client = make_pool(limits={"load_s": 0.3}, stop_grace_s=0.5)
    client.run(say("awake"))
    freeze(client)
    thread, seen = start_in_background(client, "who", B)
    wait_for(lambda: worker(client).model_id == B and worker(client).detail == detail)
    client.sleep("text")
    thread.join(120)
    assert text_of(seen).strip() == B


@pytest.mark.parametrize("detail", ["putting Fake text to sleep", "pretending"])
def test_closing_during_a_change_ends_everything(make_pool: MakePool, detail: str) -> None:
    pool, client = make_pool(limits={"load_s": 0.5}, stop_grace_s=0.5)
    client.run(say("awake"))
    freeze(client)
    thread, seen = start_in_background(client, "who", B)
    wait_for(lambda: worker(client).model_id == B and worker(client).detail == detail)
    pool.close()
    thread.join(120)
    assert isinstance(seen[-1], PoolClosedError)
    assert not any(isinstance(event, TextDelta) for event in seen)
