"""Chats belong to a browser or a user: nobody else sees, changes or fetches them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ui.core.browser_cookie import BrowserCookie, cookie_line
from ui.core.callers import COOKIE, VISIT, owner_from
from ui.core.page_chats import FORGET_S, SWEEP_S, PageChats
from ui.text.routes import create_chat_router
from workers.client import Client
from workers.messages.errors import AppError, NotFoundError

ANNA, BERT = "a" * 32, "b" * 32


def cookie(value: str) -> dict[str, str]:
    return {"cookie": f"{COOKIE}={value}"}


@pytest.fixture
def chats(tmp_path: Path) -> Iterator[PageChats]:
    chats = PageChats(None, tmp_path)  # type: ignore[arg-type]  # nothing is asked here
    yield chats
    chats.close()


@pytest.fixture
def served(chats: PageChats) -> TestClient:
    api = FastAPI()
    api.include_router(create_chat_router(Client.__new__(Client), chats))
    api.state.page_user = lambda _: None

    @api.exception_handler(NotFoundError)
    async def missing(_request: object, _error: AppError) -> object:
        from starlette.responses import PlainTextResponse

        return PlainTextResponse("missing", 404)

    return TestClient(api)


def test_an_owner_is_the_user_else_the_browser_else_the_visit() -> None:
    assert owner_from("anna", {COOKIE: ANNA}) == "user:anna"
    assert owner_from(None, {COOKIE: ANNA}) == f"browser:{ANNA}"
    assert owner_from("", {COOKIE: "short"}, "s1") == f"{VISIT}s1"
    assert owner_from(None, {}, "s1") != owner_from(None, {}, "s2")


def test_files_go_to_their_owner_alone(chats: PageChats, served: TestClient) -> None:
    own = chats.of(f"browser:{ANNA}")
    chat = own.create(title="Mine").id
    message = own.add_question(chat, None, "a secret")
    paths = [f"/chats/{chat}/export.{kind}" for kind in ("md", "json", "html")]
    paths.append(f"/chats/{chat}/{message}.md")
    for path in paths:
        assert "a secret" in served.get(path, headers=cookie(ANNA)).text, path
        for stranger in (cookie(BERT), {}):
            served.cookies.clear()
            answer = served.get(path, headers=stranger)
            assert (answer.status_code, answer.text) == (404, "missing"), path
    served.cookies.clear()
    assert "a secret" not in served.get("/chats/export.json", headers=cookie(BERT)).text
    other = chats.of(f"browser:{BERT}").create().id
    served.cookies.clear()
    assert served.get(f"/chats/{other}/{message}.md", headers=cookie(BERT)).status_code == 404


def test_private_chats_and_visits_leave_no_file(chats: PageChats, tmp_path: Path) -> None:
    chats.of(f"browser:{ANNA}", is_private=True).create(title="unwritten words")
    chats.of(f"{VISIT}s1").create(title="unwritten words")
    assert chats.of(f"browser:{ANNA}").all() == ()
    assert all(b"unwritten" not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_private_chat_goes_when_nobody_looks_at_it_any_more(chats: PageChats) -> None:
    own = chats.of(f"browser:{ANNA}", is_private=True)
    old, new = own.create().id, own.create().id
    now = time.monotonic() + 1000
    chats.note_look(own, old, now)
    chats.note_look(own, new, now + FORGET_S)
    chats.note_look(own, new, now + FORGET_S + 2 * SWEEP_S)
    assert [chat.id for chat in own.all()] == [new]
    with pytest.raises(NotFoundError):
        own.restore(old)


def test_a_second_quintet_on_the_folder_says_that_it_keeps_nothing(
    chats: PageChats, tmp_path: Path
) -> None:
    assert chats.why_not_kept(f"browser:{ANNA}") == ""
    second = PageChats(None, tmp_path)  # type: ignore[arg-type]
    try:
        assert "Another Quintet" in second.why_not_kept(f"browser:{ANNA}")
        assert second.of(f"browser:{ANNA}").create().id
    finally:
        second.close()


def test_a_cookie_is_no_scripts_business() -> None:
    plain, secure = cookie_line("x", is_secure=False), cookie_line("x", is_secure=True)
    assert {"HttpOnly", "SameSite=Lax"} <= set(plain.split("; "))
    assert {"HttpOnly", "SameSite=None", "Secure", "Partitioned"} <= set(secure.split("; "))


def test_a_browser_is_named_once_and_a_made_up_name_is_replaced() -> None:
    page = FastAPI()
    page.get("/")(lambda: "page")
    page.get("/other")(lambda: "other")
    page.add_middleware(BrowserCookie)
    client = TestClient(page)
    name = client.get("/").cookies[COOKIE]
    assert client.get("/").cookies[COOKIE] == name
    assert COOKIE not in client.get("/other").headers.get("set-cookie", "")
    client.cookies.clear()
    assert client.get("/", headers=cookie("mine")).cookies[COOKIE] not in ("mine", name)
