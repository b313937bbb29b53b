"""A model of another server beside local ones, in processes of their own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from configs.catalogue import load_catalogue
from configs.settings import load_settings
from tests.remote.conftest import KEY, KEY_NAME, remote_card
from tests.remote.scripted import HELLO, Scripted, delta, refuse, serving, stream
from workers.assembly import build_pool
from workers.client import Client
from workers.messages import ChatMessage, Finished, Generate, TextDelta
from workers.messages.errors import LoadError, RemoteError

FAR = "far-text"


@pytest.fixture
def server() -> Iterator[Scripted]:
    with serving(HELLO) as running:
        yield running


@pytest.fixture
def client(server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv(KEY_NAME, KEY)
    far = remote_card("text", f"{server.url}/v1", api_key_env=KEY_NAME, max_retries=0)
    keyless = far.model_copy(update={"id": "keyless", "options": {"api_key_env": "ABSENT_KEY"}})
    settings = load_settings("cpu", {"data_dir": str(tmp_path), "log_level": "DEBUG"})
    pool, client = build_pool(settings, {**load_catalogue(), FAR: far, "keyless": keyless})
    pool.start()
    yield client
    pool.close()


def ask(model: str) -> Generate:
    turns = (ChatMessage(role="user", text="Hello?"),)
    return Generate(messages=turns, model=model)


def test_a_request_names_a_far_model(client: Client) -> None:
    events = client.run(ask(FAR))
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "Hello there."


def test_the_key_is_in_no_log_and_no_message(
    client: Client, server: Scripted, capfd: pytest.CaptureFixture[str]
) -> None:
    server.replies[:] = [refuse(401, f"Incorrect API key provided: {KEY}")]
    with pytest.raises(RemoteError) as caught:
        client.run(ask(FAR))
    assert KEY_NAME in str(caught.value)
    said = capfd.readouterr()
    assert KEY not in str(caught.value) + said.out + said.err
    assert server.seen[0].headers["Authorization"] == f"Bearer {KEY}"


def test_a_missing_key_is_reported_and_harms_no_other_model(client: Client) -> None:
    with pytest.raises(LoadError, match="ABSENT_KEY is not set"):
        client.run(ask("keyless"))
    assert isinstance(client.run(ask(FAR))[-1], Finished)


async def test_leaving_a_silent_server_frees_the_slot(client: Client, server: Scripted) -> None:
    server.replies[:] = [stream(delta("Well"), end="stalled")]
    async with aclosing(client.astream(ask(FAR))) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    assert await asyncio.to_thread(server.is_left.wait, 60)
    give_up = time.monotonic() + 60
    while any(worker.state == "busy" for worker in client.status().workers):
        assert time.monotonic() < give_up
        await asyncio.sleep(0.02)
