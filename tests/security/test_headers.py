"""Every answer says whence it may load and who may show it."""

from __future__ import annotations

import httpx
import pytest

from api.gate.headers import security_headers
from configs.errors import ConfigError
from configs.settings import load_settings
from tests.running import App

PATHS = ("/", "/docs", "/docs/README.md", "/openapi.json", "/config", "/theme.css", "/v1/models",
         "/v1/nothing", "/healthz", "/login_check", "/gradio_api/file=/etc/passwd", "/mcp")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_every_answer_has_them(served: App, method: str, path: str) -> None:
    browser = {"accept": "text/html"}
    answer = httpx.request(method, served.url + path, headers=browser, timeout=60)
    policy = answer.headers["content-security-policy"]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["img-src"] == "'self' data: blob:"
    assert rules["frame-ancestors"] == "'self'"
    assert rules["object-src"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_a_refused_stranger_gets_them_too(served: App) -> None:
    answer = httpx.post(f"{served.url}/v1/embeddings", headers={"Origin": "https://other.example"})
    assert answer.status_code == 403
    assert "frame-ancestors" in answer.headers["content-security-policy"]


def test_a_space_is_shown_inside_the_hub_and_nowhere_else() -> None:
    ancestors = load_settings("spaces").server.frame_ancestors
    policy = security_headers(ancestors)["content-security-policy"]
    assert policy.endswith("frame-ancestors 'self' https://huggingface.co https://*.hf.space")


def test_a_setting_cannot_bring_a_rule_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUINTET_SERVER__FRAME_ANCESTORS", "https://a.example; script-src *")
    with pytest.raises(ConfigError, match="frame_ancestors"):
        load_settings("cpu")
