"""One worker, several models, real processes: order, failures, deaths and stops while they change."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.pool.conftest import MakePool, card, say
from tests.pool.watching import LONG, Line, reasons, start_in_background, text_of, wait_for, worker
from workers.client import Client
from workers.messages import Failed, Finished, Started, TextDelta
from workers.messages.errors import LoadError, PoolClosedError, UnknownModelError, WorkerDiedError

A, B, C = "fake-text", "fake-text-b", "fake-text-c"


def who(client: Client, model: str | None = None) -> str:
    return text_of(client.run(say("who", model=model))).strip()


def loads(folder: Path) -> list[str]:
    """The models of all processes so far, in order."""
    return (folder / "loads").read_text(encoding="utf-8").split()


def wait_until_loading(client: Client, model: str) -> int:
    """Wait until a process loads a model; returns its process id."""
    wait_for(lambda: worker(client).detail == "pretending" and worker(client).model_id == model)
    pid = worker(client).pid
    assert pid is not None
    return pid


def freeze(client: Client) -> int:
    """Let the process hear nothing any more, so that it leaves only by force; returns its id."""
    pid = worker(client).pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    return pid


def test_each_request_is_answered_by_the_model_it_names(
    make_pool: MakePool, tmp_path: Path
) -> None:
    _, client = make_pool()
    assert client.loaded("text") is None
    pids = set()
    for model, expected in [(None, A), (B, B), (B, B), (A, A)]:
        assert who(client, model) == expected
        status, loaded = worker(client), client.loaded("text")
        assert status.model_id == expected
        assert loaded is not None
        assert loaded.id == expected
        pids.add(status.pid)
    assert loads(tmp_path) == [A, B, A]
    assert len(pids) == 3
    assert worker(client).num_deaths == 0


def test_ready_speaks_of_the_model_that_was_asked_about(make_pool: MakePool) -> None:
    _, client = make_pool()
    client.run(say("hello", model=B))
    assert client.ready("text") is None
    assert client.ready("text", A) is None
    ready = client.ready("text", B)
    assert ready is not None
    assert ready.slots == 1


def test_nobody_overtakes_and_what_runs_is_not_cut(make_pool: MakePool, tmp_path: Path) -> None:
    _, client = make_pool()
    line = Line(client)
    line.submit("first", "slow " * 50)
    for number, model in enumerate([B, A, C, C, B, None]):
        line.submit(str(number), "who", model)
    line.wait()
    assert line.ended == ["first", "0", "1", "2", "3", "4", "5"]
    assert line.answer("first") == "slow " * 50
    assert [line.answer(str(n)).strip() for n in range(6)] == [B, A, C, C, B, A]
    assert loads(tmp_path) == [A, B, A, C, B, A]


def test_those_who_wait_hear_of_the_change_and_the_status_shows_it(make_pool: MakePool) -> None:
    _, client = make_pool(limits={"load_s": 0.3})
    client.run(say("awake"))
    line = Line(client)
    line.submit("running", "slow " * 20)
    line.submit("other", "who", B)
    line.submit("last", "who", A)
    wait_until_loading(client, B)
    status = worker(client)
    assert (status.model, status.state, status.num_waiting) == ("Fake text-b", "loading", 2)
    assert status.progress == 0.5
    line.wait()
    heard = reasons(line.events["other"])
    assert heard[0] == "1 ahead, then waking Fake text-b"
    assert "waking Fake text-b: putting Fake text to sleep" in heard
    assert heard[-1] == "waking Fake text-b: pretending"
    assert reasons(line.events["last"])[0] == "2 ahead, then waking Fake text"
    started = next(event for event in line.events["other"] if isinstance(event, Started))
    assert started.queue_wait_s > started.load_s >= 0.3


def test_slots_are_used_up_to_the_first_who_wants_another_model(make_pool: MakePool) -> None:
    _, client = make_pool(slots=2)
    client.run(say("awake"))
    line = Line(client)
    line.submit("long", "slow " * 80)
    line.submit("short", "who")
    line.submit("other", "who", B)
    line.submit("behind", "who", A)  # a slot is free, but it came after the other
    line.wait()
    assert line.ended == ["short", "long", "other", "behind"]


def test_two_who_ask_at_once_for_two_models_both_get_answers(make_pool: MakePool) -> None:
    _, client = make_pool()
    readers = [start_in_background(client, "who", model) for model in (A, B, A, B)]
    for (thread, seen), model in zip(readers, (A, B, A, B), strict=True):
        thread.join(120)
        assert text_of(seen).strip() == model


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


def test_an_idle_worker_forgets_the_other_model_and_wakes_with_the_default(
    make_pool: MakePool, tmp_path: Path
) -> None:
    _, client = make_pool(idle_ttl_s=0.2)
    assert who(client, B) == B
    wait_for(lambda: worker(client).state == "asleep")
    assert (worker(client).model_id, client.loaded("text")) == (A, None)
    client.warm("text")
    wait_for(lambda: worker(client).state == "ready")
    assert loads(tmp_path) == [B, A]


def test_warming_leaves_a_worker_that_is_awake_as_it_is(
    make_pool: MakePool, tmp_path: Path
) -> None:
    _, client = make_pool()
    client.run(say("hello", model=B))
    client.warm("text", "tts")
    wait_for(lambda: worker(client, "tts").state == "ready")
    assert loads(tmp_path) == [B, "fake-tts"]


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


def test_a_card_that_has_changed_is_loaded_afresh(make_pool: MakePool, tmp_path: Path) -> None:
    _, client = make_pool()
    client.run(say("hello"))
    client.models.add(card("text", gpu_layers=7))
    client.run(say("hello"))
    assert loads(tmp_path) == [A, A]


def test_a_name_that_is_not_known_wakes_nobody(make_pool: MakePool) -> None:
    _, client = make_pool()
    with pytest.raises(UnknownModelError, match=f"'gpt-9'; known: {A}, {B}, {C}"):
        client.run(say("hello", model="gpt-9"))
    with pytest.raises(UnknownModelError, match="No text model is called 'fake-stt'"):
        client.run(say("hello", model="fake-stt"))
    assert worker(client).state == "asleep"


async def test_a_card_added_while_it_runs_answers(make_pool: MakePool) -> None:
    _, client = make_pool()
    with pytest.raises(UnknownModelError):
        await client.arun(say("who", model="fake-text-new"))
    client.models.add(card("text", "-new"))
    events = await client.arun(say("who", model="fake-text-new"))
    assert text_of(events).strip() == "fake-text-new"


def test_many_requests_for_three_models_each_end_once(make_pool: MakePool) -> None:
    _, client = make_pool(slots=3, max_waiting=500)
    line = Line(client)
    for number in range(60):
        text = ["hello world", "refuse", "bug", "slow a b"][number % 4]
        request_id = line.submit(str(number), text, (A, B, C)[number // 7 % 3])
        if number % 5 == 0:
            client.cancel(request_id)
    line.wait()
    for model in (A, B, C):  # an end that comes twice has come before the end of a later request
        line.submit(f"last of {model}", "hello", model)
    line.wait()
    line.ended = [name for name in line.ended if not name.startswith("last")]
    assert sorted(line.ended, key=int) == [str(number) for number in range(60)]
