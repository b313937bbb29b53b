"""Many at once, and those who leave, stop half-way, or never read."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import httpx
import psutil
import pytest

from tests.running import App

from .talking import DIALECTS, ROUTES, STORY, post, raw, sent, states, wait_until

pytestmark = pytest.mark.slow

SOON_S = 10
"""Far less than what is asked for would take."""


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/embeddings"])
def test_of_64_at_once_each_is_answered_or_asked_to_come_again(app: App, path: str) -> None:
    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=app.url, timeout=60) as client:
            return await asyncio.gather(*(client.post(path, json=ROUTES[path]) for _ in range(64)))

    answers = asyncio.run(ask())
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {200, 429}
    assert statuses[200] >= 32
    assert all(a.headers["Retry-After"] == "2" for a in answers if a.status_code == 429)


def test_two_clients_with_the_same_ids_get_their_own_answers(app: App) -> None:
    def asked(name: str) -> dict[str, Any]:
        said = [{"role": "user", "content": f"Repeat this word: {name}"}]
        return {"messages": said, "max_tokens": 12, "temperature": 0, "user": "same", "id": "same"}

    async def ask() -> list[httpx.Response]:
        headers = {"X-Request-Id": "same"}
        async with httpx.AsyncClient(base_url=app.url, timeout=60, headers=headers) as client:
            url = "/v1/chat/completions"
            return await asyncio.gather(
                *(client.post(url, json=asked(name)) for name in ("apple", "river"))
            )

    apple, river = (answer.json() for answer in asyncio.run(ask()))
    assert apple["id"] != river["id"]
    assert "river" not in apple["choices"][0]["message"]["content"].lower()
    assert "apple" not in river["choices"][0]["message"]["content"].lower()


LONG = {"max_tokens": 3000, "max_output_tokens": 3000, "ignore_eos": True}
ABANDONED = [
    *((path, body | LONG | {"stream": is_stream}) for path, body in DIALECTS.items()
      if path not in ("/generate", "/edits") for is_stream in (False, True)),
    ("/agenerate", {"prompt": "Once upon a time", "params": {"max_tokens": 3000}}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body"), ABANDONED)
def test_who_leaves_a_chat_frees_the_worker(
    app: App, http: httpx.Client, path: str, body: dict[str, Any]
) -> None:
    story = json.loads(json.dumps(body).replace('"Hi"', '"Tell me a very long story of the sea."'))
    client = sent(app, path, story)
    wait_until(http, "text", "busy")
    client.close()
    wait_until(http, "text", "ready", SOON_S)


def test_thirty_who_wait_and_leave_are_not_worked_for(app: App, http: httpx.Client) -> None:
    clients = [sent(app, "/v1/chat/completions", STORY) for _ in range(30)]
    wait_until(http, "text", "busy")
    for client in clients:
        client.close()
    wait_until(http, "text", "ready")


def test_who_never_reads_a_stream_does_not_fill_the_memory(app: App, http: httpx.Client) -> None:
    process = psutil.Process(app.process.pid)
    before_mib = process.memory_info().rss >> 20
    client = sent(app, "/v1/chat/completions", STORY | {"stream": True})
    wait_until(http, "text", "busy")
    answer = post(http, "/v1/chat/completions", DIALECTS["/v1/chat/completions"])
    assert answer.status_code == 200  # the others have the other slots
    assert (process.memory_info().rss >> 20) - before_mib < 10
    client.close()
    wait_until(http, "text", "ready")


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 1000\r\n\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\n10\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        b"Content-Length: -1\r\n\r\n",
        b"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n",
    ],
)
def test_a_body_that_stops_half_way_is_nobodys_work(
    app: App, http: httpx.Client, rest: bytes
) -> None:
    head = b"POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    said = raw(app, head + rest, timeout_s=1)
    assert said.split()[1:2] in ([], [b"400"], [b"100"])
    assert states(http)["text"] == "ready"
