"""/docs in a browser that reaches nothing but this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Browser

from tests.running import App


def test_the_documentation_lists_every_door_offline(app: App, browser: Browser) -> None:
    page = browser.new_page()
    hosts: set[str | None] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.goto(f"{app.url}/docs")
    page.locator(".opblock").first.wait_for()
    doors = page.locator(".opblock-tag").all_inner_texts()
    for name in ("OpenAI", "Anthropic", "Ollama", "LocalAI", "Gai", "Geniusrise", "LLM API"):
        assert any(name in door for door in doors), doors
    assert page.locator(".opblock").count() > 40
    assert hosts <= {"127.0.0.1", None}
    page.close()
