"""Bodies that are none, and text and numbers that no engine can read, in every dialect."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from .talking import DIALECTS, JSON, ROUTES, error_of, post

pytestmark = pytest.mark.slow

FORM = "multipart/form-data; boundary=x"

BODIES: dict[str, tuple[str | None, bytes]] = {
    "nothing": ("application/json", b""),
    "cut off": ("application/json", b'{"messages": [{"role"'),
    "not UTF-8": ("application/json", b'{"prompt": "\xff\xfe"}'),
    "a list": ("application/json", b"[]"),
    "null": ("application/json", b"null"),
    "deep": ("application/json", b"[" * 100_000),
    "deep and closed": ("application/json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "a huge number": ("application/json", b'{"max_tokens": ' + b"9" * 5_000 + b"}"),
    "no type": (None, b'{"prompt": "Hi"}'),
    "text": ("text/plain", b'{"prompt": "Hi"}'),
    "a form": ("application/x-www-form-urlencoded", b"prompt=Hi"),
    "a form in parts": (
        FORM,
        b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nHi\r\n',
    ),
    "an odd type": ("\xff/;;=", b"{}"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_body_is_refused(http: httpx.Client, name: str) -> None:
    kind, content = BODIES[name]
    headers = {} if kind is None else {b"Content-Type": kind.encode("latin-1")}
    for path in ROUTES:
        error_of(http.post(path, content=content, headers=headers))


def with_everywhere(value: Any, text: str) -> Any:
    """Return the body with its words replaced, and more where words may stand."""
    if isinstance(value, dict):
        return {
            key: item if key == "role" else with_everywhere(item, text)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [with_everywhere(item, text) for item in value]
    return text if isinstance(value, str) else value


FURTHER: dict[str, Callable[[str], dict[str, Any]]] = {
    "system": lambda text: {"system": text, "system_prompt": text, "instructions": text},
    "stop": lambda text: {"stop": [text], "stop_sequences": [text]},
    "tools": lambda text: {
        "tools": [{"type": "function", "name": text, "function": {"name": text}}]
    },
    "grammar": lambda text: {"grammar": text},
    "schema": lambda text: {
        "response_format": {"type": "json_schema", "json_schema": {"schema": {"const": text}}}
    },
    "metadata": lambda text: {"metadata": {text: text}, "user": text, "suffix": text},
    "key": lambda text: {text: text},
    "voice": lambda text: {"voice": text, "language": text},
}


@pytest.mark.parametrize("name", ["words", *FURTHER])
def test_half_of_a_character_is_refused_wherever_it_stands(http: httpx.Client, name: str) -> None:
    for path, body in ROUTES.items():
        half = (
            with_everywhere(body, "\ud83d") if name == "words" else body | FURTHER[name]("\ud83d")
        )
        assert "half of a character" in error_of(post(http, path, half)), path


@pytest.mark.parametrize("name", ["words", *FURTHER])
def test_a_nul_is_text_or_refused(http: httpx.Client, name: str) -> None:
    for path, body in ROUTES.items():
        odd = with_everywhere(body, "\0") if name == "words" else body | FURTHER[name]("\0")
        assert post(http, path, odd).status_code < 500, path


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 10**40, -(10**40)])
def test_a_number_that_no_engine_has_is_refused_or_ignored(
    http: httpx.Client, number: float
) -> None:
    names = "temperature top_p top_k min_p typical_p seed speed n_results dimensions top_n".split()
    odd = dict.fromkeys(names, number)
    for path, body in ROUTES.items():
        nested = {"params": {"max_tokens": 2, **odd}} if "params" in body else {}
        assert post(http, path, body | odd | nested).status_code < 500, path


def test_json_beyond_the_limit_is_counted_while_it_arrives(http: httpx.Client) -> None:
    def blocks() -> Iterator[bytes]:
        for _ in range(200):
            yield b" " * (1 << 20)

    with contextlib.suppress(httpx.WriteError):  # the server may close before it was all sent
        answer = http.post("/generate", content=blocks(), headers=JSON)
        assert answer.status_code == 413


@pytest.mark.parametrize("path", DIALECTS)
def test_a_text_of_20_mb_is_refused_before_its_tokens_are_counted(
    http: httpx.Client, path: str
) -> None:
    body = with_everywhere(DIALECTS[path], "hello world " * 1_700_000)
    assert "characters long" in error_of(http.post(path, json=body, timeout=20))


def test_of_a_text_of_20_mb_only_the_beginning_is_embedded(http: httpx.Client) -> None:
    text = "hello world " * 1_700_000
    embedded = http.post("/v1/embeddings", json={"input": [text, text[:12_000]]}, timeout=20)
    first, second = (row["embedding"] for row in embedded.json()["data"])
    assert first == pytest.approx(second)


def test_an_error_does_not_repeat_what_was_sent_without_end(http: httpx.Client) -> None:
    answer = post(
        http, "/v1/chat/completions", ROUTES["/v1/chat/completions"] | {"model": "x" * 10**7}
    )
    assert len(error_of(answer)) < 10_000


def test_more_prompts_than_can_wait_are_refused(http: httpx.Client) -> None:
    body = {"prompt": ["Hi"] * 100_000, "max_tokens": 2}
    assert "100,000 prompts" in error_of(post(http, "/v1/completions", body))


def test_a_picture_of_50_mb_that_is_none_is_reported(http: httpx.Client) -> None:
    url = "data:image/png;base64," + "A" * 66_000_000
    part = {"type": "image_url", "image_url": {"url": url}}
    body = {"messages": [{"role": "user", "content": [part]}], "max_tokens": 2}
    assert "data.png" in error_of(post(http, "/v1/chat/completions", body))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://2130706433/",
        "http://[64:ff9b::7f00:1]/",
        "http://xn--/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "data:,",
        "",
    ],
)
def test_a_picture_is_never_fetched_from_inside(http: httpx.Client, url: str) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    messages = [{"role": "user", "content": [part]}]
    source = {"type": "image", "source": {"type": "url", "url": url}}
    asked: dict[str, dict[str, Any]] = {
        "/v1/chat/completions": {"messages": messages},
        "/gen/v1/vision/completions": {"messages": messages},
        "/v1/messages": {"messages": [{"role": "user", "content": [source]}], "max_tokens": 2},
        "/v1/responses": {"input": [{"content": [{"type": "input_image", "image_url": url}]}]},
    }
    for path, body in asked.items():
        error_of(post(http, path, body))


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "a\0b", "x" * 10_000])
def test_a_model_or_voice_is_a_name_not_a_path(http: httpx.Client, name: str) -> None:
    for path in ("/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/embeddings"):
        assert post(http, path, ROUTES[path] | {"model": name}).status_code == 404
    assert post(http, "/v1/audio/speech", {"input": "Hi.", "model": name}).status_code == 404
    assert post(http, "/v1/audio/speech", {"input": "Hi.", "voice": name}).status_code in (400, 404)


def test_a_filter_made_to_last_for_hours_is_matched_at_once(http: httpx.Client) -> None:
    answer = http.get("/v1/models", params={"filter": "(([a-z0-9-]+)+)+!"})
    assert answer.json()["data"] == []
    error_of(http.get("/v1/models", params={"filter": "(a{1000}){1000}"}))
