"""WebSockets pass the same gate as everything else: a key, the page's cookie, the right origin."""

from __future__ import annotations

import http.client

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.running import App


def talk(app: App, **headers: str) -> str:
    address = app.url.replace("http", "ws") + "/gen/v1/rag/ws"
    with connect(address, additional_headers=headers, open_timeout=60) as socket:
        socket.send("hello")
        return str(socket.recv(timeout=60))


def status(app: App, **headers: str) -> int:
    with pytest.raises(InvalidStatus) as refused:
        talk(app, **headers)
    return refused.value.response.status_code


def test_a_key_opens_a_socket(locked_app: App) -> None:
    assert talk(locked_app, Authorization="Bearer key-of-bob") == "Received: hello"
    assert status(locked_app) == 401
    assert status(locked_app, Authorization="Bearer no-key") == 401


def test_the_pages_login_opens_a_socket_for_our_own_page_only(locked_app: App) -> None:
    login = httpx.post(
        f"{locked_app.url}/login", data={"username": "quintet", "password": "key-of-bob"}
    )
    name, value = next(iter(login.cookies.items()))
    cookie = f"{name}={value}"
    assert talk(locked_app, Cookie=cookie, Origin=locked_app.url) == "Received: hello"
    assert status(locked_app, Cookie=cookie, Origin="https://evil.example") == 403
    assert status(locked_app, Cookie=cookie, Origin="http://localhost:3000") == 401


@pytest.mark.parametrize(
    ("kind", "may"),
    [
        ("multipart/form-data; boundary=x", "files may have 512 MiB"),
        ("application/json", "JSON may have 64 MiB"),
    ],
)
def test_a_body_that_is_too_large_is_refused_by_its_length(
    locked_app: App, kind: str, may: str
) -> None:
    address = httpx.URL(locked_app.url)
    connection = http.client.HTTPConnection(address.host, address.port, timeout=60)
    connection.putrequest("POST", "/v1/embeddings")
    connection.putheader("Authorization", "Bearer key-of-bob")
    connection.putheader("Content-Type", kind)
    connection.putheader("Content-Length", str(2**31))
    connection.endheaders()  # and no body: the answer must not wait for it
    answer = connection.getresponse()
    assert answer.status == 413
    assert f"2048 MiB; {may}" in answer.read().decode()
    connection.close()
