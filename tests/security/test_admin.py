"""What only an admin may do, asked for by all kinds of callers, through every door."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.doors import Doors
from tests.running import App, start_app, stop_app

from .page_calls import Page, Press

REFUSAL = "Only an admin may"
TIMEOUT_S = 60
MODEL = "smollm2-360m-instruct"
BUDGET_GB = 81.23
"""Of nobody else on the page."""

PAGE_ACTIONS = {
    **{
        f"model {action}": Press(
            what="models-list", event="act", event_data={"action": action, "id": "no-such-model"}
        )
        for action in ("download", "resume", "accept", "pause", "use", "remove")
    },
    "look at a model": Press(what="models-look", event="click", data=["/no/such/model", "", ""]),
    "look at a model by Enter": Press(what="models-what", event="submit", data=["/none", "", ""]),
    "add a model": Press(what="models-add-it", event="click"),
    **{
        f"worker {action}": Press(
            what="memory-workers", event="act", event_data={"action": action, "worker": "nobody"}
        )
        for action in ("pin", "sleep", "wake")
    },
    "room": Press(what="memory-room", event="submit", data=[0.5]),
    "room by leaving": Press(what="memory-room", event="blur", data=[0.5]),
    "budget": Press(what="memory-ram", event="submit", data=[None]),
    "budget by leaving": Press(what="memory-ram", event="blur", data=[None]),
    "budget of cards": Press(what="memory-vram", event="submit", data=[None]),
    "delete a document": Press(
        what="rag-documents",
        event="act",
        data=["My documents"],
        event_data={"act": "delete", "id": "no-such-document"},
    ),
    "delete a collection": Press(
        what="rag-delete-collection", event="click", data=["My documents"]
    ),
}
HTTP_ACTIONS = {
    "delete a collection": ("DELETE", "/gen/v1/rag/collection/none", None),
    "delete a document": ("DELETE", "/gen/v1/rag/document/none", None),
    "change a document": ("POST", "/gen/v1/rag/document", {"Id": "none", "Title": "x"}),
    "remove a model": ("DELETE", "/v1/models/none", None),
    "fetch a model": ("POST", "/v1/models/none/pull", {"accept_license": True}),
    "pause a model": ("POST", "/v1/models/none/pause", None),
    "use a model": ("POST", "/v1/models/none/use", None),
}
"""An admin is told that there is nothing of that name."""
ADD_A_MODEL = {"source": "/no/such/model", "dry_run": True}
LOOK_AT_MEMORY = Press(what="memory-workers", event="look")
LOOK_AT_MODELS = Press(what="models-list", event="look", data=[""])
STRANGE = {"X-Forwarded-For": "203.0.113.7"}
RELAYED: list[dict[str, str]] = [
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-Proto": "https"},
    {"Forwarded": "for=203.0.113.7"},
    {"X-Real-IP": "203.0.113.7"},
    {"Via": "1.1 proxy"},
    {"CF-Connecting-IP": "203.0.113.7"},
    {"Cdn-Loop": "cloudflare"},
    {"Tailscale-User-Login": "somebody"},
    {"Origin": "http://localhost:9999"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
]


@pytest.fixture(scope="module")
def own(doors: Doors) -> App:
    """A machine of one's own: no password, this machine only."""
    return doors.app


@pytest.fixture(scope="module")
def unmanaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A page behind a password, where nobody has said who is an admin."""
    folder = tmp_path_factory.mktemp("unmanaged")
    app = start_app(folder, QUINTET_SERVER__PASSWORD="of-users", QUINTET_POOL__WARM="[]")
    yield app
    stop_app(app)


def browser(app: App, **headers: str) -> httpx.Client:
    return httpx.Client(base_url=app.url, headers=headers, timeout=TIMEOUT_S)


def log_in(person: httpx.Client, username: str, password: str) -> None:
    given = {"username": username, "password": password}
    person.post("/login", data=given).raise_for_status()


def assert_admin(caller: httpx.Client) -> None:
    page = Page(caller)
    for name, press in PAGE_ACTIONS.items():
        assert REFUSAL not in page.send(press), name
    assert_manages_by_http(caller)


def assert_manages_by_http(caller: httpx.Client) -> None:
    for name, (method, path, body) in HTTP_ACTIONS.items():
        assert caller.request(method, path, json=body).status_code == 404, name
    assert caller.post("/v1/models", json=ADD_A_MODEL).status_code == 400


def assert_no_admin(caller: httpx.Client) -> None:
    page = Page(caller)
    for name, press in PAGE_ACTIONS.items():
        assert REFUSAL in page.send(press), name
    assert_manages_nothing_by_http(caller)


def assert_manages_nothing_by_http(caller: httpx.Client) -> None:
    for name, (method, path, body) in HTTP_ACTIONS.items():
        answer = caller.request(method, path, json=body)
        assert answer.status_code == 403, name
        assert REFUSAL in answer.text, name
    answer = caller.post("/v1/models", json=ADD_A_MODEL)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "admin_only")


def test_who_sits_at_his_own_machine_may_do_everything(own: App) -> None:
    with browser(own) as person:
        assert_admin(person)


def test_what_comes_through_a_tunnel_may_not(own: App) -> None:
    with browser(own, **STRANGE) as stranger:
        assert_no_admin(stranger)


@pytest.mark.parametrize("headers", RELAYED, ids=" ".join)
def test_whatever_tells_of_a_tunnel_or_another_page_is_seen(
    own: App, headers: dict[str, str]
) -> None:
    with browser(own, **headers) as stranger:
        assert_manages_nothing_by_http(stranger)


def test_what_a_stranger_asks_for_is_not_done(own: App) -> None:
    with browser(own) as person:
        file = {"file": ("tower.txt", b"The tower is 62 metres high.", "text/plain")}
        form = {"collection_name": "My documents"}
        person.post("/gen/v1/rag/index_file", data=form, files=file).raise_for_status()
    with browser(own, **STRANGE) as stranger:
        page = Page(stranger)
        page.send(Press(what="memory-ram", event="submit", data=[BUDGET_GB]))
        page.send(Press(what="memory-room", event="submit", data=[1.07]))
        pinned = {"action": "pin", "worker": "text"}
        page.send(Press(what="memory-workers", event="act", event_data=pinned))
        wanted = {"action": "download", "id": MODEL}
        page.send(Press(what="models-list", event="act", event_data=wanted))
        page.send(PAGE_ACTIONS["delete a collection"])
        seen = page.send(LOOK_AT_MEMORY)
        assert REFUSAL in seen
        assert "data-action" not in seen
        assert "data-action" not in page.send(LOOK_AT_MODELS)
    with browser(own) as person:
        seen = Page(person).send(LOOK_AT_MEMORY)
        assert "data-action" in seen
        assert f"{BUDGET_GB}" not in seen
        assert 'aria-pressed=\\"true\\"' not in seen
        collections = person.get("/gen/v1/rag/collections").json()["collections"]
        wanted = person.get(f"/v1/models/{MODEL}/state").json()
        person.delete("/gen/v1/rag/collection/My documents").raise_for_status()
    assert "My documents" in collections
    assert (wanted["state"], wanted["done_bytes"] or 0) == ("absent", 0)


def test_a_call_by_http_1_0_is_a_proxys(own: App) -> None:
    address = httpx.URL(own.url)
    head = "DELETE /gen/v1/rag/collection/none HTTP/1.0\r\nHost: localhost\r\n\r\n"
    with socket.create_connection((address.host, address.port or 80), timeout=60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(12) == b"HTTP/1.1 403"


@pytest.mark.parametrize("password", ["of-users", "key-of-alice"])
def test_a_user_may_use_but_not_manage(locked_app: App, password: str) -> None:
    with browser(locked_app, Authorization=f"Bearer {password}") as user:
        assert user.get("/v1/models").status_code == 200
        assert_manages_nothing_by_http(user)
    with browser(locked_app) as user:
        log_in(user, "quintet", password)
        assert_no_admin(user)
        assert "data-action" not in Page(user).send(LOOK_AT_MODELS)


@pytest.mark.parametrize("secret", ["of-admins", "key-of-root"])
def test_an_admin_may_manage_from_anywhere(locked_app: App, secret: str) -> None:
    proxied = {**STRANGE, "Host": "quintet.example.org"}
    with browser(locked_app, Authorization=f"Bearer {secret}", **proxied) as admin:
        assert_manages_by_http(admin)
    with browser(locked_app) as admin:
        log_in(admin, "admin", secret)
        assert_admin(admin)
        assert 'data-action=\\"download\\"' in Page(admin).send(LOOK_AT_MODELS)


def test_an_admins_cookie_is_no_help_to_another_sites_page(locked_app: App) -> None:
    with browser(locked_app) as admin:
        log_in(admin, "admin", "of-admins")
        for headers in ({"Origin": "http://localhost:9999"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = admin.delete("/gen/v1/rag/collection/none", headers=headers)
            assert answer.status_code in (401, 403)


def test_users_do_not_log_in_as_admins(locked_app: App) -> None:
    with browser(locked_app) as user:
        for password in ("of-users", "key-of-alice", ""):
            given = {"username": "admin", "password": password}
            assert user.post("/login", data=given).is_error
            assert user.post("/admin", data=given).status_code == 403
        assert user.get("/v1/models", auth=("admin", "key-of-alice")).status_code == 401


def test_on_an_open_page_an_admin_logs_in_and_out(public_app: App) -> None:
    given = {"password": "of-admins"}
    with browser(public_app) as person:
        shown = person.get("/admin")
        assert "you are not logged in as one" in shown.text
        assert 'type="password"' in shown.text
        foreign = {"Origin": "https://evil.example"}
        assert person.post("/admin", data=given, headers=foreign).status_code == 403
        assert person.post("/admin", content=b"x" * 100_000).status_code == 403
        assert_no_admin(person)
        assert person.post("/admin", data=given).status_code == 303
        assert "You are an admin" in person.get("/admin").text
        assert_admin(person)
        person.get("/logout")
        assert_manages_nothing_by_http(person)


@pytest.mark.slow
def test_where_nobody_is_an_admin_the_page_says_how_to_become_one(unmanaged: App) -> None:
    with browser(unmanaged) as user:
        log_in(user, "quintet", "of-users")
        assert_no_admin(user)
        said = Page(user).send(PAGE_ACTIONS["add a model"])
        assert "QUINTET_SERVER__ADMIN_PASSWORD" in said
        assert 'type="password"' not in user.get("/admin").text
        assert user.post("/admin", data={"password": "of-users"}).status_code == 403
