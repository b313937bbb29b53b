"""One worker, several models, real processes: which answers, in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pool.changing import A, B, C, loads, wait_until_loading, who
from tests.pool.conftest import MakePool, card, say
from tests.pool.watching import Line, reasons, start_in_background, text_of, wait_for, worker
from workers.messages import Started
from workers.messages.errors import UnknownModelError


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
