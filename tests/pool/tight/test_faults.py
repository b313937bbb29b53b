"""Loads that run out of memory, deaths and starts that fail: the memory tracker stays right."""

from __future__ import annotations

import threading
from pathlib import Path

import psutil
import pytest

from tests.pool.conftest import say
from tests.pool.tight.asking import Start, agrees, ask, awake, need_mib
from tests.pool.watching import LONG, start_in_background, text_of, wait_for, worker
from workers.messages import END_EVENTS, Event, Failed


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
