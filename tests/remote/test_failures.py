"""What another server can do wrong, and what the user is told."""

from __future__ import annotations

import logging
import threading

import pytest

from tests.remote.conftest import KEY, KEY_NAME, Load
from tests.remote.scripted import HELLO, delta, page, refuse, serving, stall, stream
from tests.running import free_port
from workers.engines.contract import CancelToken, Worker
from workers.messages import ChatMessage, Event, Finished, Generate, TextDelta
from workers.messages.errors import (
    AppError,
    ContextTooLongError,
    LoadError,
    QueueFullError,
    RemoteError,
    TimedOutError,
    UnknownModelError,
    UnsupportedInputError,
)

ASK = Generate(messages=(ChatMessage(role="user", text="Hello?"),))


def ask(worker: Worker, cancel: CancelToken | None = None) -> list[Event]:
    return list(worker.handle(ASK, cancel or CancelToken()))


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def test_an_answer_is_streamed_and_ends(load: Load) -> None:
    with serving(HELLO) as server:
        events = ask(load("text", f"{server.url}/v1", remote_model="m"))
    assert text_of(events) == "Hello there."
    assert isinstance(events[-1], Finished)
    assert server.seen[0].path == "/v1/chat/completions"
    assert server.seen[0].json["model"] == "m"


def test_a_busy_server_is_asked_again_when_it_says(load: Load) -> None:
    with serving(refuse(429, "slow down", Retry_After="1"), HELLO) as server:
        events = ask(load("text", f"{server.url}/v1"))
    assert text_of(events) == "Hello there."
    first, second = server.seen
    assert second.at_s - first.at_s >= 1


def test_a_server_that_stays_busy_is_reported_as_a_full_queue(load: Load) -> None:
    busy = refuse(429, "slow down", retry_after_ms="1")
    with serving(busy) as server:
        worker = load("text", f"{server.url}/v1", max_retries=2)
        with pytest.raises(QueueFullError, match=r"127\.0\.0\.1:\d+ takes no more requests"):
            ask(worker)
    assert len(server.seen) == 3


def test_an_empty_account_is_not_called_busy(load: Load) -> None:
    empty = refuse(429, "You exceeded your quota.", "insufficient_quota", retry_after_ms="1")
    with serving(empty) as server, pytest.raises(RemoteError, match="no credit left"):
        ask(load("text", f"{server.url}/v1", max_retries=0))


def test_a_server_that_fails_is_asked_again_and_then_quoted(load: Load) -> None:
    with (
        serving(refuse(500, "out of cheese", retry_after_ms="1")) as server,
        pytest.raises(RemoteError, match="failed with 500: out of cheese"),
    ):
        ask(load("text", f"{server.url}/v1", max_retries=1))
    assert len(server.seen) == 2


@pytest.mark.parametrize("reply", [stall, stream(delta("Well"), end="stalled")])
def test_cancel_leaves_a_silent_server(load: Load, reply: object) -> None:
    cancel = CancelToken()
    with serving(reply) as server:  # type: ignore[arg-type]
        worker = load("text", f"{server.url}/v1")
        threading.Timer(0.5, cancel.cancel).start()
        events = ask(worker, cancel)
        assert not any(isinstance(event, Finished) for event in events)
        assert server.is_left.wait(60)


def test_closing_the_events_leaves_the_server(load: Load) -> None:
    with serving(stream(delta("Well"), end="stalled")) as server:
        events = load("text", f"{server.url}/v1").handle(ASK, CancelToken())
        assert isinstance(next(events), TextDelta)
        events.close()  # type: ignore[attr-defined]
        assert server.is_left.wait(60)


@pytest.mark.parametrize("reply", [stall, stream(delta("Well"), end="stalled")])
def test_silence_is_reported_in_seconds(load: Load, reply: object) -> None:
    with serving(reply) as server:  # type: ignore[arg-type]
        worker = load("text", f"{server.url}/v1", timeout_s=0.3, max_retries=0)
        with pytest.raises(TimedOutError, match=r"127\.0\.0\.1:\d+ was silent for 0\.3 seconds"):
            ask(worker)


def test_a_server_that_is_away_is_named_with_its_address(load: Load) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(RemoteError, match="cannot be reached") as caught:
        ask(load("text", url, max_retries=0))
    assert url in caught.value.hint


@pytest.mark.parametrize("end", ["cut", "short"])
def test_half_an_answer_is_not_taken_for_a_whole_one(load: Load, end: str) -> None:
    with serving(stream(delta("Well"), end=end)) as server:
        events = load("text", f"{server.url}/v1").handle(ASK, CancelToken())
        assert isinstance(next(events), TextDelta)
        with pytest.raises(RemoteError, match="broke off in the middle"):
            next(events)


def test_a_page_is_not_an_answer(load: Load) -> None:
    with (
        serving(page("<html>Welcome to the router</html>")) as server,
        pytest.raises(RemoteError, match="something that is not this API"),
    ):
        ask(load("text", server.url))


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (refuse(404, "The model does not exist", "model_not_found"), UnknownModelError, "far-text"),
        (
            refuse(400, "This model's maximum context length is 8192 tokens."),
            ContextTooLongError,
            "8192",
        ),
        (refuse(400, "n is too large"), UnsupportedInputError, "n is too large"),
        (stream({"error": {"message": "the GPU is on fire"}}), RemoteError, "on fire"),
    ],
)
def test_a_refusal_is_said_in_the_servers_words(
    load: Load, reply: object, kind: type[AppError], words: str
) -> None:
    with serving(reply) as server, pytest.raises(kind, match=words):  # type: ignore[arg-type]
        ask(load("text", f"{server.url}/v1"))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_named_and_never_shown(
    load: Load, key: str, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        serving(refuse(status, f"Incorrect API key provided: {KEY}")) as server,
        pytest.raises(RemoteError) as caught,
    ):
        ask(load("text", f"{server.url}/v1", api_key_env=key))
    assert f"The key in {KEY_NAME} was refused by 127.0.0.1" in str(caught.value)
    assert KEY not in str(caught.value)
    assert KEY not in caplog.text
    assert server.seen[0].headers["Authorization"] == f"Bearer {KEY}"


def test_a_key_that_is_quoted_elsewhere_is_cut_out(load: Load, key: str) -> None:
    with (
        serving(refuse(400, f"bad header Bearer {KEY}")) as server,
        pytest.raises(UnsupportedInputError) as caught,
    ):
        ask(load("text", f"{server.url}/v1", api_key_env=key))
    assert KEY not in str(caught.value)


def test_openais_key_and_account_are_not_sent_to_another_server(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, KEY)
    with serving(HELLO) as server:
        ask(load("text", f"{server.url}/v1"))
    assert KEY not in str(server.seen[0].headers)


def test_a_missing_key_is_asked_for_before_anything_is_sent(load: Load) -> None:
    with pytest.raises(LoadError, match=r"ABSENT_KEY is not set.*\.env"):
        load("text", "http://127.0.0.1:9/v1", api_key_env="ABSENT_KEY")


@pytest.mark.parametrize("bad", ["sk-one\ntwo", "“sk-quoted”", "sk-é"])
def test_a_key_that_cannot_be_one_is_not_quoted(
    load: Load, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    monkeypatch.setenv(KEY_NAME, bad)
    with pytest.raises(LoadError, match=f"The key in {KEY_NAME}") as caught:
        load("text", "http://127.0.0.1:9/v1", api_key_env=KEY_NAME)
    assert bad not in str(caught.value)


@pytest.mark.parametrize("source", ["127.0.0.1:9/v1", "ftp://host/v1", "http://me:secret@host/v1"])
def test_what_is_no_address_is_refused(load: Load, source: str) -> None:
    with pytest.raises(LoadError, match="not the address of a server") as caught:
        load("text", source)
    assert "secret" not in str(caught.value)


def test_a_misspelled_option_is_reported_with_the_right_one(load: Load) -> None:
    with pytest.raises(LoadError, match=r"'timeout_sec', did you mean 'timeout_s'"):
        load("text", "http://127.0.0.1:9/v1", timeout_sec=3)
