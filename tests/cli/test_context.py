"""A conversation that is too long for the context: refused with an offer, and answered once that is taken."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.running import App, start_app, stop_app

from .conftest import Quintet

MODEL = "smollm2-135m-instruct"
LONG = "The train from Lisbon is late again. " * 90
"""More than 512 tokens, and less than 1,024."""


@pytest.fixture(scope="module")
def narrow_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("narrow")
    running = start_app(
        folder, QUINTET_WORKERS__TEXT__CONTEXT_TOKENS="512", QUINTET_POOL__WARM="[]"
    )
    yield running
    stop_app(running)


def ask(app: App) -> httpx.Response:
    body = {"messages": [{"role": "user", "content": LONG}], "max_tokens": 4}
    return httpx.post(f"{app.url}/v1/chat/completions", json=body, timeout=120)


def test_a_longer_context_is_offered_and_taken(narrow_app: App, quintet: Quintet) -> None:
    refused = ask(narrow_app)
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert error["code"] == "context_length_exceeded"
    assert "the model's context holds 512" in error["message"]
    assert f"quintet models use {MODEL} --context 4096" in error["message"]
    assert "QUINTET_WORKERS__TEXT__CONTEXT_TOKENS=4096" in error["message"]
    state = httpx.get(f"{narrow_app.url}/v1/models/{MODEL}/state", timeout=60).json()
    assert state["plan"]["context"]["tokens"] == 512
    assert state["plan"]["context"]["is_set"] is True
    done = quintet("models", "use", MODEL, "--context", "4096", "--url", narrow_app.url)
    assert done.returncode == 0, done.stderr
    assert "4,096 tokens in each of 4 slots (set, the model's own is 8,192)" in done.stdout
    answered = ask(narrow_app)
    assert answered.status_code == 200, answered.text
    assert answered.json()["usage"]["prompt_tokens"] > 512


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [("100000", "was made for 8,192 tokens, not for 100,000"), ("12", "is too short")],
)
def test_what_the_model_cannot_hold_is_refused_with_its_numbers(
    tokens: str, sentence: str, narrow_app: App, quintet: Quintet
) -> None:
    for where in ([], ["--url", narrow_app.url]):
        done = quintet("models", "use", MODEL, "--context", tokens, *where)
        assert done.returncode == 2
        assert sentence in done.stderr


def test_what_does_not_fit_is_refused_before_anything_leaves(quintet: Quintet) -> None:
    done = quintet(
        "models", "use", MODEL, "--context", "8192", QUINTET_MEMORY__BUDGET="600MiB"
    )  # fmt: skip
    assert done.returncode != 0
    assert "with 8,192 tokens will not fit: needs about" in done.stderr


def test_without_a_running_quintet_the_setting_is_named(quintet: Quintet) -> None:
    done = quintet("models", "use", MODEL, "--context", "4096")
    assert done.returncode == 2
    assert "QUINTET_WORKERS__TEXT__CONTEXT_TOKENS=4096" in done.stderr


def test_what_keeps_no_conversation_has_no_context(quintet: Quintet) -> None:
    done = quintet("models", "use", "whisper-tiny-en", "--context", "4096")
    assert done.returncode == 2
    assert "no context" in done.stderr


def test_a_model_s_context_and_its_price_are_shown(quintet: Quintet) -> None:
    shown = quintet("models", "show", MODEL).stdout
    assert "24 MB per 1,024 tokens and slot" in shown
    assert "chosen for this machine" in shown
