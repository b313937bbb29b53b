"""Who is let in: keys, password, basic, the page's cookie; over HTTP and WebSocket; and from where."""

from __future__ import annotations

import socket

import httpx
import pytest
from gradio_client import Client as PageClient

from tests.apps import KEY, SECRETS
from tests.doors import Doors
from tests.running import App

MODELS = "/v1/models"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type",
}


@pytest.fixture(scope="module")
def unlocked(doors: Doors) -> App:
    return doors.app


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer key-of-alice"},
        {"authorization": "bearer key-of-bob"},
        {"Authorization": "Bearer of-users"},
        {"x-api-key": KEY},
        {"x-api-key": "none", "Authorization": "Bearer key-of-bob"},
    ],
)
@pytest.mark.parametrize("path", [MODELS, "/docs", "/openapi.json"])
def test_a_key_or_the_password_opens(locked_app: App, headers: dict[str, str], path: str) -> None:
    assert httpx.get(locked_app.url + path, headers=headers).status_code == 200


@pytest.mark.parametrize("password", ["of-users", "key-of-alice"])
def test_basic_authentication_opens_for_the_pages_user_only(locked_app: App, password: str) -> None:
    assert httpx.get(locked_app.url + MODELS, auth=("quintet", password)).status_code == 200
    assert httpx.get(locked_app.url + MODELS, auth=("somebody", password)).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer key-of-nobody"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Digest key-of-bob"},
        {"x-api-key": ""},
        {"x-api-key": "schlüssel".encode("latin-1")},
    ],
)
def test_nothing_else_does(locked_app: App, headers: dict[str, str]) -> None:
    answer = httpx.get(locked_app.url + MODELS, headers=headers)
    assert answer.status_code == 401
    assert 'Basic realm="quintet"' in answer.headers["WWW-Authenticate"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["error"]["code"] == "unauthorized"
    assert KEY not in answer.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_supervisor_needs_no_key(locked_app: App, path: str) -> None:
    assert httpx.get(locked_app.url + path).status_code in (200, 503)


def test_each_dialect_refuses_in_its_own_words(locked_app: App) -> None:
    answer = httpx.post(f"{locked_app.url}/generate", json={"prompt": "Hi"})
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("This Quintet asks for an API key")


def test_a_refusal_does_not_wait_for_the_body(locked_app: App) -> None:
    address = httpx.URL(locked_app.url)
    with socket.create_connection((address.host, address.port or 80), timeout=60) as connection:
        head = f"POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Length: {1 << 29}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(12) == b"HTTP/1.1 401"


def test_the_pages_login_opens_the_rest_in_the_same_browser(locked_app: App) -> None:
    with httpx.Client(base_url=locked_app.url) as browser:
        assert browser.get("/config").status_code == 401
        assert browser.post("/login", data={"username": "quintet", "password": "no"}).is_error
        answer = browser.post("/login", data={"username": "quintet", "password": KEY})
        assert answer.json() == {"success": True}
        assert browser.get("/config").status_code == 200
        assert browser.get("/docs").status_code == 200
        assert browser.get(MODELS).status_code == 200
        browser.get("/logout")
        assert browser.get(MODELS).status_code == 401


def test_gradios_client_logs_in_and_sees_no_plumbing(locked_app: App) -> None:
    with pytest.raises(Exception, match=r"(?i)auth|log in|login"):
        PageClient(locked_app.url, verbose=False)
    page = PageClient(locked_app.url, auth=("quintet", "key-of-alice"), verbose=False)
    try:
        described = page.view_api(return_format="dict")
    finally:
        page.close()
    assert "/ask" in described["named_endpoints"]
    assert not described["unnamed_endpoints"]


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://chat.example.org"])
def test_an_allowed_origin_may_ask_and_read(unlocked: App, origin: str) -> None:
    asked = httpx.options(unlocked.url + MODELS, headers={"Origin": origin, **PREFLIGHT})
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Origin"] == origin
    assert "authorization" in asked.headers["Access-Control-Allow-Headers"]
    answer = httpx.get(unlocked.url + MODELS, headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] == origin


def test_options_need_no_key_and_a_refusal_can_be_read(locked_app: App) -> None:
    assert httpx.options(locked_app.url + MODELS).status_code == 200
    origin = {"Origin": "http://127.0.0.1:5173"}
    assert (
        httpx.options(locked_app.url + MODELS, headers={**origin, **PREFLIGHT}).status_code == 200
    )
    refused = httpx.get(locked_app.url + MODELS, headers=origin)
    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] == origin["Origin"]


@pytest.mark.parametrize("path", ["/", "/config", "/v1/models", "/gradio_api/info"])
def test_the_page_and_the_rest_have_one_cors(unlocked: App, path: str) -> None:
    browser = {"Accept": "text/html"}
    foreign = httpx.get(unlocked.url + path, headers={**browser, "Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in foreign.headers
    ours = httpx.get(unlocked.url + path, headers={**browser, "Origin": "https://chat.example.org"})
    assert ours.headers.get_list("Access-Control-Allow-Origin") == ["https://chat.example.org"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/embeddings", "/gradio_api/upload", "/generate"])
def test_what_another_sites_page_sends_is_refused(
    unlocked: App, headers: dict[str, str], path: str
) -> None:
    answer = httpx.post(
        unlocked.url + path, headers={**headers, "Content-Type": "text/plain"}, content=b"{}"
    )
    assert answer.status_code == 403
    assert "may not use this Quintet" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost:3000"},
        {"Origin": "https://chat.example.org", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://proxied.example", "X-Forwarded-Host": "proxied.example"},
        {"Origin": "https://proxied.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_what_our_own_page_and_programs_send_is_not(unlocked: App, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{unlocked.url}/v1/embeddings", headers=headers, json={"input": []})
    assert answer.status_code == 400  # it got as far as the body


def test_an_open_server_answers_only_to_this_machines_names(unlocked: App) -> None:
    rebound = httpx.get(unlocked.url + MODELS, headers={"Host": "evil.example:7860"})
    assert rebound.status_code == 403
    assert "does not answer to the name 'evil.example:7860'" in rebound.json()["error"]["message"]
    for name in ("localhost", "LOCALHOST:7860", "[::1]:7860"):
        assert httpx.get(unlocked.url + MODELS, headers={"Host": name}).status_code == 200


def test_a_locked_one_may_be_called_anything(locked_app: App) -> None:
    headers = {"Host": "quintet.example.org", "x-api-key": KEY}
    assert httpx.get(locked_app.url + MODELS, headers=headers).status_code == 200


def test_no_secret_is_logged(locked_app: App) -> None:
    log = locked_app.log.read_text()
    assert [secret for secret in SECRETS if secret in log] == []
