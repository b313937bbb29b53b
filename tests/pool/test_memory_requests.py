"""The scheduler at work: real processes that take real memory, under budgets too tight for all of them."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from configs.catalogue import ModelCard
from tests.pool.conftest import card, place_of, process_spec, say
from tests.pool.watching import LONG, reasons, start_in_background, text_of, wait_for, worker
from workers.client import Client
from workers.messages import END_EVENTS, Event, Failed, Finished, Modality
from workers.messages.errors import LoadError, OutOfMemoryError
from workers.messages.process_spec import ProcessSpec
from workers.models.lookup import Models
from workers.pool.host import Host, Scales
from workers.pool.memory.machine import read_memory
from workers.pool.memory.manager import MemoryManager
from workers.pool.memory.placement import Placement
from workers.pool.memory.tracker import Budget, MemoryTracker
from workers.pool.pending import PoolLimits
from workers.pool.pool import Pool

PROCESS_MIB = 60
"""A Python with our own modules."""
MODELS = {"text": 120, "stt": 80, "tts": 60, "text-big": 260, "text-huge": 4000}
"""What each takes beyond that."""
WORKERS: tuple[Modality, ...] = ("text", "stt", "tts")

Start = Callable[..., tuple[Pool, Client]]


class PageOfKnownSize(Scales):
    """Weighs workers as they are. This process, whose memory counts too, grows with every test that it runs."""

    mib = 100

    def main_mib(self) -> int:
        return self.mib


def need_mib(name: str) -> int:
    return PROCESS_MIB + MODELS[name]


def hungry_card(name: str) -> ModelCard:
    modality, dash, suffix = name.partition("-")
    found = card(modality, dash + suffix, mib=MODELS[name])
    return found.model_copy(update={"memory_mib": need_mib(name), "engine": "hungry"})


@pytest.fixture
def page() -> PageOfKnownSize:
    return PageOfKnownSize()


@pytest.fixture
def start(tmp_path: Path, page: PageOfKnownSize) -> Iterator[Start]:
    """Start a pool whose workers may hold `room_mib` together."""
    pools: list[Pool] = []
    cards = {found.id: found for found in map(hungry_card, MODELS)}
    models = Models(lambda: cards, {name: f"fake-{name}" for name in WORKERS})

    def make(room_mib: int, pinned: tuple[str, ...] = (), slots: int = 1) -> tuple[Pool, Client]:
        budget = Budget(ram_mib=page.mib + room_mib, leave_room_mib=0)
        memory = MemoryManager(
            tracker=MemoryTracker(read_memory, budget, pinned),
            places=place_of,
            record=lambda card, device, peak_mib: None,
        )

        def process_spec_of(card: ModelCard, placement: Placement) -> ProcessSpec:
            if (tmp_path / f"gone-{card.id}").exists():
                raise LoadError(f"{card.name} has lost its environment.")
            return replace(
                process_spec(card, tmp_path, slots), target="tests.pool.hungry:HungryWorker"
            )

        limits, host = PoolLimits(restart_pause_s=0.05), Host(scales=page)
        pool = Pool(models, process_spec_of, limits, memory, host)
        pool.start()
        pools.append(pool)
        for found in cards.values():
            if found.id != "fake-text-huge":  # that is worked out when it is asked for
                pool.prepare(found)
        return pool, Client(pool, models)

    yield make
    for pool in pools:
        pool.close()


def ask(client: Client, name: str, text: str = "who", model: str | None = None) -> str:
    """Ask a worker of any modality, as the fakes of all three answer Generate."""
    heard: list[Event] = []
    client._pool.submit(say(text), client.models.get(model or f"fake-{name}"), heard.append)
    wait_for(lambda: bool(heard) and isinstance(heard[-1], END_EVENTS))
    end = heard[-1]
    return end.message if isinstance(end, Failed) else text_of(heard).strip()


def awake(client: Client) -> set[str]:
    return {status.modality for status in client.status().workers if status.pid is not None}


def resident_mib(client: Client) -> int:
    total = 0
    for status in client.status().workers:
        if status.pid is not None:
            with suppress(psutil.NoSuchProcess):  # it has left since
                total += psutil.Process(status.pid).memory_info().rss >> 20
    return total


def agrees(client: Client) -> bool:
    """Whether the memory tracker counts exactly the processes that there are."""
    granted = {s.modality for s in client.status().workers if s.granted_mib}
    children = {child.pid for child in psutil.Process().children(recursive=True)}
    alive = {s.modality for s in client.status().workers if s.pid is not None and s.pid in children}
    return granted == alive == awake(client)


def test_what_fits_stays_awake_together(start: Start) -> None:
    _, client = start(need_mib("text") + need_mib("stt") + need_mib("tts"))
    for name in WORKERS:
        assert ask(client, name) == f"fake-{name}"
    assert awake(client) == set(WORKERS)


def test_the_smallest_idle_worker_that_is_enough_goes_to_sleep(start: Start) -> None:
    _, client = start(need_mib("text") + need_mib("stt"))
    for name in ("text", "stt", "tts"):
        assert ask(client, name) == f"fake-{name}"
    wait_for(lambda: awake(client) == {"text", "tts"})
    assert agrees(client)


def test_a_pinned_worker_stays_and_another_goes(start: Start) -> None:
    _, client = start(need_mib("text") + need_mib("stt"), pinned=("stt",))
    for name in ("text", "stt", "tts"):
        assert ask(client, name) == f"fake-{name}"
    wait_for(lambda: awake(client) == {"stt", "tts"})


def test_who_works_is_waited_for_and_the_reason_is_reported(start: Start) -> None:
    _, client = start(need_mib("text"))
    thread, seen = start_in_background(client, "slow " * 100)
    wait_for(lambda: worker(client).num_running == 1)
    heard: list[Event] = []
    client._pool.submit(say("who"), client.models.get("fake-stt"), heard.append)
    wait_for(lambda: bool(reasons(heard)))
    assert reasons(heard) == ["Fake stt is waiting for memory: Fake text is at work"]
    details = {status.modality: status.detail for status in client.status().workers}
    assert details["stt"] == "waiting for memory: Fake text is at work"
    thread.join(120)
    wait_for(lambda: isinstance(heard[-1], Finished))
    assert len(text_of(seen).split()) == 100
    assert awake(client) == {"stt"}


def test_two_that_never_fit_together_take_turns_and_all_are_answered(start: Start) -> None:
    _, client = start(need_mib("text"))
    runs = [start_in_background(client, "slow " * 20) for _ in range(4)]
    assert [ask(client, name) for name in ("stt", "tts", "stt")] == [
        "fake-stt", "fake-tts", "fake-stt",
    ]  # fmt: skip
    for thread, seen in runs:
        thread.join(120)
        assert len(text_of(seen).split()) == 20
    assert any(
        "making room" in reason or "memory" in reason
        for _, seen in runs
        for reason in reasons(seen)
    )


def test_a_model_that_cannot_fit_is_refused_with_the_numbers_and_harms_nobody(start: Start) -> None:
    _, client = start(need_mib("text") + need_mib("stt"))
    ask(client, "text")
    ask(client, "stt")
    message = ask(client, "text", model="fake-text-huge")
    assert "Fake text-huge will not fit: needs about 4,060 MiB of RAM" in message
    assert awake(client) == {"text", "stt"}


def test_the_refusal_comes_back_as_its_class(start: Start) -> None:
    _, client = start(need_mib("text"))
    with pytest.raises(OutOfMemoryError, match="will not fit"):
        client.run(say("hello", model="fake-text-huge"))


def test_a_smaller_budget_puts_idle_workers_to_sleep_and_a_larger_one_lets_them_back(
    start: Start, page: PageOfKnownSize
) -> None:
    pool, client = start(need_mib("text") + need_mib("stt"))
    ask(client, "text")
    ask(client, "stt")
    ample = pool._memory.tracker.budget
    client.allow(Budget(ram_mib=page.mib + need_mib("text"), leave_room_mib=0))
    wait_for(lambda: len(awake(client)) == 1)
    client.allow(ample)
    ask(client, "stt")
    ask(client, "text")
    assert awake(client) == {"text", "stt"}


def test_an_idle_worker_leaves_when_the_page_itself_takes_more(
    start: Start, page: PageOfKnownSize
) -> None:
    _, client = start(need_mib("text") + need_mib("stt"))
    ask(client, "text")
    ask(client, "stt")
    page.mib += 100  # one of them is too much then, and one is not
    wait_for(lambda: len(awake(client)) == 1)
    ask(client, "text")
    assert len(awake(client)) == 1


@pytest.mark.parametrize("num_ooms", [1, 2])
def test_out_of_memory_while_loading_is_tried_once_more_with_the_others_asleep(
    start: Start, tmp_path: Path, num_ooms: int
) -> None:
    _, client = start(need_mib("text") + need_mib("stt") + need_mib("tts"))
    ask(client, "stt")
    (tmp_path / "oom-fake-text").write_text(str(num_ooms))
    answer = ask(client, "text")
    assert answer == ("fake-text" if num_ooms == 1 else "The fake needs 120 MiB more.")
    wait_for(lambda: awake(client) == ({"text"} if num_ooms == 1 else set()))
    wait_for(lambda: agrees(client))
    assert ask(client, "stt") == "fake-stt"


@pytest.mark.parametrize("step", ["before", "after"])
def test_kill_9_while_loading_leaves_the_tracker_right(
    start: Start, tmp_path: Path, step: str
) -> None:
    _, client = start(need_mib("text"))
    ask(client, "stt")
    (tmp_path / f"kill-fake-text-{step}").touch()
    assert ask(client, "text") == "fake-text"
    wait_for(lambda: agrees(client))


def test_kill_9_of_the_one_that_is_asked_to_leave_leaves_the_tracker_right(start: Start) -> None:
    _, client = start(need_mib("text"))
    thread, seen = start_in_background(client, LONG)
    wait_for(lambda: worker(client).num_running == 1)
    other = threading.Thread(target=ask, args=(client, "stt"))
    other.start()
    wait_for(lambda: worker(client, "stt").state == "loading")
    psutil.Process(worker(client).pid).kill()
    other.join(120)
    thread.join(120)
    assert "died while it worked" in str(seen[-1])
    wait_for(lambda: agrees(client) and awake(client) == {"stt"})


def test_warming_lets_nobody_leave_but_a_request_right_behind_it_does(start: Start) -> None:
    _, client = start(need_mib("text"))
    ask(client, "text")
    pid = worker(client).pid
    client.warm("stt")
    ask(client, "text")  # asked after it: whatever warming does has begun
    assert worker(client).pid == pid
    assert awake(client) == {"text"}
    client.warm("stt")
    assert ask(client, "stt") == "fake-stt"
    assert awake(client) == {"stt"}


def test_one_who_gives_up_waiting_leaves_the_line(start: Start) -> None:
    _, client = start(need_mib("text"))
    thread, _ = start_in_background(client, "slow " * 150)
    wait_for(lambda: worker(client).num_running == 1)
    request = say("hello")
    ended: list[Event] = []
    client._pool.submit(request, client.models.get("fake-stt"), ended.append)
    wait_for(lambda: worker(client, "stt").num_waiting == 1)
    client.cancel(request.request_id)
    thread.join(120)
    wait_for(lambda: bool(ended) and isinstance(ended[-1], Finished))
    ask(client, "text")  # whoever still stood in the line would have come before
    assert "stt" not in awake(client)


def test_one_that_cannot_be_started_when_its_turn_comes_lets_the_next_model_have_it(
    start: Start, tmp_path: Path
) -> None:
    _, client = start(need_mib("text-big"))
    heard: list[Event] = []

    def submit(model: str, text: str = "who") -> None:
        client._pool.submit(say(text), client.models.get(model), heard.append)

    submit("fake-stt", "slow " * 60)
    wait_for(lambda: worker(client, "stt").num_running == 1)
    (tmp_path / "gone-fake-text-big").touch()
    submit("fake-text-big")
    submit("fake-text")
    wait_for(lambda: sum(isinstance(event, END_EVENTS) for event in heard) == 3)
    (failed,) = (event for event in heard if isinstance(event, Failed))
    assert failed.message == "Fake text-big has lost its environment."
    assert text_of(heard).strip().endswith("fake-text")


@pytest.mark.slow
def test_switches_at_random_never_exceed_the_budget(start: Start) -> None:
    room_mib = need_mib("text-big")
    _, client = start(room_mib)
    chosen = random.Random(7)
    highest_mib = 0
    for _ in range(60):
        name = chosen.choice(["text", "text-big", "stt", "tts"])
        assert ask(client, name.partition("-")[0], model=f"fake-{name}") == f"fake-{name}"
        highest_mib = max(highest_mib, resident_mib(client))
    assert highest_mib <= room_mib
    assert agrees(client)


def test_requests_that_left_are_owed_to_nobody_and_later_ones_wait_behind_the_other(
    start: Start,
) -> None:
    pool, client = start(need_mib("text"))
    ended: list[str] = []

    def submit(model: str, name: str) -> str:
        def deliver(event: Event) -> None:
            if isinstance(event, END_EVENTS):
                ended.append(name)

        request = say("who")
        pool.submit(request, client.models.get(model), deliver)
        return request.request_id

    ids = [submit("fake-text", "left") for _ in range(8)]
    submit("fake-stt", "other")
    for request_id in ids:
        client.cancel(request_id)
    for _ in range(4):
        submit("fake-text", "later")
    wait_for(lambda: len(ended) == 13)
    assert ended == ["left"] * 8 + ["other"] + ["later"] * 4
