"""The command line: what it refuses, and how it says so."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path

import pytest

import app
from api.server.sockets import listen
from configs.errors import ConfigError
from configs.settings import Settings, load_settings
from workers.client import Client
from workers.pool.pool import Pool


def with_server(**server: object) -> Settings:
    return load_settings("cpu", {"server": server})


@pytest.mark.parametrize("server", [{"host": "0.0.0.0"}, {"host": "192.168.1.5"}, {"share": True}])  # noqa: S104
def test_others_are_let_in_only_with_a_password(server: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="would let anyone in"):
        app.check_exposure(with_server(**server))
    app.check_exposure(with_server(**server, password="secret"))
    app.check_exposure(with_server(**server, api_keys="a-key"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_needs_no_password(host: str) -> None:
    app.check_exposure(with_server(host=host))


def test_a_taken_port_is_one_sentence_with_a_way_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert app.main(["--port", str(port)]) == 2
    error = capsys.readouterr().err
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use." in error
    assert f"--port {port + 1}" in error
    assert len(error.splitlines()) == 1


def test_a_taken_further_port_is_reported_too(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert app.main(["--port", "7979", "--also-port", str(port)]) == 2
    error = capsys.readouterr().err
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use." in error
    assert "another --also-port" in error


def test_one_server_listens_on_several_ports() -> None:
    listeners = listen(with_server(port=7978, also_ports=[7976, 7977]).server)
    try:
        ports = [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()
    assert ports == [7978, 7976, 7977]


def test_a_misspelled_variable_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUINTET_POOL__IDEL_TTL_S", "3")
    assert app.main([]) == 2
    assert "did you mean 'idle_ttl_s'" in capsys.readouterr().err


def test_chat_is_loaded_while_the_page_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[str] = []

    def build(pool: Pool, client: Client, *_: object) -> None:
        give_up = time.monotonic() + 60
        while not client.ready("text") and time.monotonic() < give_up:
            time.sleep(0.01)
        states.extend(worker.state for worker in client.status().workers)

    monkeypatch.setattr(app, "serve_page", build)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    overrides = {"data_dir": tmp_path, "pool": {"warm": ["text", "stt"]}}
    app.serve(load_settings("fake", overrides), (), [])
    assert sorted(states) == ["asleep"] * 4 + ["ready"]
