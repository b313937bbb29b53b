"""Deadlines by setting, by call and by HTTP header: told in seconds, and the work stops."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from library import calls, sync_async
from tests.pool.conftest import MakePool, say
from tests.pool.watching import LONG, text_of, wait_for, worker
from tests.running import App
from workers.client import Client
from workers.messages import END_EVENTS, Event
from workers.messages.errors import RequestError, TimedOutError

STORY = {"messages": [{"role": "user", "content": "Tell a very long story."}], "max_tokens": 3000}
SLOW = {"messages": [{"role": "user", "content": "!slow" + 600 * " word"}], "max_tokens": 600}
"""A minute of the fake engine's; the real one may end a story whenever it likes."""
HEADER = "X-Request-Timeout"


def test_a_request_that_names_no_deadline_has_that_of_its_modality(make_pool: MakePool) -> None:
    _, client = make_pool(timeout_s={"text": 1.0, "tts": 0.0})
    with pytest.raises(TimedOutError, match="Fake text did not answer within 1 s"):
        client.run(say("toil 3600"))
    wait_for(lambda: worker(client).num_running == 0)
    assert text_of(client.run(say("toil 2", deadline=time.monotonic() + 60))) == "done"


def test_a_late_answer_ends_once_and_leaves_the_process_to_others(make_pool: MakePool) -> None:
    pool, client = make_pool()
    client.run(say("awake"))
    pid = worker(client).pid
    heard: list[Event] = []
    pool.submit(say(LONG, deadline=time.monotonic() + 0.3), client.card("text"), heard.append)
    wait_for(lambda: bool(heard) and isinstance(heard[-1], END_EVENTS))
    assert text_of(client.run(say("next"))) == "next "
    assert worker(client).pid == pid
    assert [event.code for event in heard if isinstance(event, END_EVENTS)] == ["timed_out"]  # type: ignore[union-attr]
    assert isinstance(heard[-1], END_EVENTS)


@dataclass
class Session:
    client: Client


@pytest.mark.parametrize("verb", [sync_async.run(calls.chat), sync_async.stream(calls.chat)])
def test_the_library_gives_up_when_it_may(make_pool: MakePool, verb: Callable[..., Any]) -> None:
    _, client = make_pool()
    with pytest.raises(TimedOutError, match=r"within 0\.5 s"):
        for _piece in verb(Session(client), LONG, timeout_s=0.5):
            pass
    with pytest.raises(RequestError, match="more than 0"):
        verb(Session(client), "hello", timeout_s=-1)


def test_the_header_is_a_deadline(app: App) -> None:
    with httpx.Client(base_url=app.url, timeout=90, headers={HEADER: "0.2"}) as http:
        answer = http.post("/v1/chat/completions", json=STORY | {"ignore_eos": True})
    assert answer.status_code == 504
    assert answer.json()["error"]["code"] == "timed_out"
    assert "within 0.2 s" in answer.json()["error"]["message"]


def test_a_deadline_that_is_over_is_told_in_the_words_of_each_dialect(fake_app: App) -> None:
    with httpx.Client(base_url=fake_app.url, timeout=90, headers={HEADER: "0.5"}) as http:
        answer = http.post("/v1/messages", json=SLOW | {"model": "fake-text"})
        assert answer.status_code == 504
        assert answer.json()["error"]["type"] == "timeout_error"
        streamed = http.post("/v1/chat/completions", json=SLOW | {"stream": True})
        assert "timed_out" in streamed.text


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf", "1e9", ""])
def test_a_header_that_is_no_time_is_refused(app: App, value: str) -> None:
    body = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    answer = httpx.post(
        f"{app.url}/v1/chat/completions", json=body, timeout=60, headers={HEADER: value}
    )
    assert answer.status_code == 400
    assert HEADER in answer.json()["error"]["message"]


def test_a_header_that_leaves_time_changes_nothing(app: App) -> None:
    body = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    answer = httpx.post(
        f"{app.url}/v1/chat/completions", json=body, timeout=90, headers={HEADER: "80.5"}
    )
    assert answer.status_code == 200
