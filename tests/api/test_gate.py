"""WebSockets pass the same gate as everything else: a key, the page's cookie, the right origin."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.e2e.conftest import App, start_app, stop_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("gate")
    running = start_app(folder, QUINTET_SERVER__API_KEYS="a-key", QUINTET_POOL__WARM="[]")
    yield running
    stop_app(running)


def talk(app: App, **headers: str) -> str:
    address = app.url.replace("http", "ws") + "/gen/v1/rag/ws"
    with connect(address, additional_headers=headers, open_timeout=10) as socket:
        socket.send("hello")
        return str(socket.recv(timeout=10))


def status(app: App, **headers: str) -> int:
    with pytest.raises(InvalidStatus) as refused:
        talk(app, **headers)
    return refused.value.response.status_code


def test_a_key_opens_a_socket(app: App) -> None:
    assert talk(app, Authorization="Bearer a-key") == "Received: hello"
    assert status(app) == 401
    assert status(app, Authorization="Bearer no-key") == 401


def test_the_pages_login_opens_a_socket_for_our_own_page_only(app: App) -> None:
    login = httpx.post(f"{app.url}/login", data={"username": "quintet", "password": "a-key"})
    name, value = next(iter(login.cookies.items()))
    cookie = f"{name}={value}"
    assert talk(app, Cookie=cookie, Origin=app.url) == "Received: hello"
    assert status(app, Cookie=cookie, Origin="https://evil.example") == 403
    assert status(app, Cookie=cookie, Origin="http://localhost:3000") == 401


@pytest.mark.parametrize(
    ("kind", "may"),
    [
        ("multipart/form-data; boundary=x", "files may have 512 MiB"),
        ("application/json", "JSON may have 64 MiB"),
    ],
)
def test_a_body_that_is_too_large_is_refused_by_its_length(app: App, kind: str, may: str) -> None:
    address = httpx.URL(app.url)
    connection = http.client.HTTPConnection(address.host, address.port, timeout=10)
    connection.putrequest("POST", "/v1/embeddings")
    connection.putheader("Authorization", "Bearer a-key")
    connection.putheader("Content-Type", kind)
    connection.putheader("Content-Length", str(2**31))
    connection.endheaders()  # and no body: the answer must not wait for it
    answer = connection.getresponse()
    assert answer.status == 413
    assert f"2048 MiB; {may}" in answer.read().decode()
    connection.close()
