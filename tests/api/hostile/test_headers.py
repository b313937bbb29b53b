"""Methods, hosts, origins, keys, sockets: what stands around a body."""

from __future__ import annotations

import random

import httpx
import pytest
from starlette.requests import HTTPConnection
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from api.core.errors import UnauthorizedError
from api.gate.access import Access
from configs.settings import load_settings
from tests.running import App

from .talking import JSON, ROUTES, error_of, raw

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("path", [*ROUTES, "/v1/models", "/check", "/healthz", "/docs"])
def test_a_method_that_a_path_does_not_know_is_reported(http: httpx.Client, path: str) -> None:
    for method in ("TRACE", "CONNECT", "PATCH", "DELETE"):
        answer = http.request(method, path)
        assert answer.status_code in (404, 405), method
        assert "Allow" in answer.headers or answer.status_code == 404
    assert http.options(path).status_code in (200, 404)


@pytest.mark.parametrize("path", ["/v1/models", "/check", "/healthz", "/gen/v1/rag/collections"])
def test_head_is_get_without_the_body(http: httpx.Client, path: str) -> None:
    answer = http.head(path)
    assert (answer.status_code, answer.content) == (200, b"")


HEADERS: list[tuple[bytes, int]] = [
    (b"Host: evil.example", 403),
    (b"Host: [::1", 403),
    (b"Host: \xff\xfe", 403),
    (b"Host: localhost\r\nOrigin: https://evil.example", 403),
    (b"Host: localhost\r\nOrigin: http://[::1", 403),
    (b"Host: localhost\r\nOrigin: null", 403),
    (b"Host:\r\nOrigin: null", 403),
    (b"Host: localhost\r\nSec-Fetch-Site: cross-site", 403),
    (b"Host: localhost\r\nContent-Type: application/json; charset=nothing", 422),
    (b"Host: localhost\r\nAuthorization: Basic \xff\xfe", 422),
    (b"Host: localhost\r\nCookie: =;;\xff=\xfe", 422),
    (b"Host: localhost\r\nTransfer-Encoding: chunked", 400),
]


@pytest.mark.parametrize(("headers", "status"), HEADERS)
def test_headers_that_no_client_sends_are_reported(app: App, headers: bytes, status: int) -> None:
    said = raw(app, b"POST /generate HTTP/1.1\r\nContent-Length: 2\r\n" + headers + b"\r\n\r\n{}")
    assert said.split()[1] == b"%d" % status


@pytest.mark.parametrize(
    "shown",
    [
        ("authorization", b"Basic \xff\xfe"),
        ("authorization", b"Basic OjpAQEA="),
        ("authorization", b"Basic"),
        ("authorization", b"Bearer"),
        ("authorization", b"Bearer \xff"),
        ("authorization", b"Digest a-key"),
        ("authorization", b"a-key"),
        ("x-api-key", b""),
        ("cookie", b"access-token=a-key"),
    ],
)
def test_a_key_in_an_odd_scheme_is_no_key(shown: tuple[str, bytes]) -> None:
    server = load_settings("cpu", {"server": {"api_keys": "a-key"}}).server
    headers = [(shown[0].encode(), shown[1])]
    scope = {"type": "http", "headers": headers, "app": type("App", (), {"state": object()})}
    with pytest.raises(UnauthorizedError):
        Access(server).identify(HTTPConnection(scope))


def test_a_login_in_halves_of_characters_is_wrong() -> None:
    server = load_settings("cpu", {"server": {"password": "secret"}}).server
    assert not Access(server).check_login("\ud83d", "\ud83d")


def say_and_hear(talk: ClientConnection, message: str | bytes) -> str:
    talk.send(message)
    return str(talk.recv(timeout=60))


@pytest.mark.parametrize("path", ["/ws", "/gen/v1/rag/ws"])
def test_a_socket_answers_anything_that_is_a_message(app: App, path: str) -> None:
    address = app.url.replace("http", "ws") + path
    for message in ("", "{", "x" * 1_000_000, b"\0\xff" * 1_000):
        with connect(address, open_timeout=60) as talk:
            assert say_and_hear(talk, message).startswith("Received: ")


def test_garbage_and_giants_close_a_socket_alone(app: App) -> None:
    upgrade = (
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert b"101 Switching" in raw(app, upgrade + random.Random(1).randbytes(5_000))
    address = app.url.replace("http", "ws") + "/ws"
    with connect(address, open_timeout=60) as talk, pytest.raises(ConnectionClosed):
        say_and_hear(talk, "x" * 20_000_000)


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b"[" * 100_000, b"\xff\xfe"])
def test_a_message_that_is_none_is_refused_at_mcp(http: httpx.Client, content: bytes) -> None:
    accept = {**JSON, "Accept": "application/json, text/event-stream"}
    error_of(http.post("/mcp", content=content, headers=accept))
