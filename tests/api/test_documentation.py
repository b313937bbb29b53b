"""/docs names every door, and each has a page."""

from __future__ import annotations

import re

import httpx
import pytest

from api.documentation import HEALTH, OTHERS, PAGES_DIR, description, to_html
from compat.dialects import DIALECTS
from tests.running import App


def test_every_heading_has_its_page_and_every_route_its_heading(app: App) -> None:
    schema = httpx.get(f"{app.url}/openapi.json").json()
    used = {
        tag
        for path in schema["paths"].values()
        for method in path.values()
        for tag in method["tags"]
    }
    assert used == {tag["name"] for tag in schema["tags"]}
    for text in (schema["info"]["description"], *(tag["description"] for tag in schema["tags"])):
        links = re.findall(r"\]\((docs/[\w-]+\.md)\)", text)
        assert links
        for link in links:
            answer = httpx.get(f"{app.url}/{link}")  # relative to /docs
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/html")
            assert "<h1>" in answer.text


def test_the_description_names_every_page_once() -> None:
    pages = re.findall(r"docs/([\w-]+)\.md", description(DIALECTS))
    of_dialects = {dialect.page for dialect in DIALECTS}
    assert sorted(pages) == sorted(of_dialects | {page for _, page, _ in OTHERS})
    assert HEALTH[1] in pages


@pytest.mark.parametrize("name", ["nothing", "../README", "%2e%2e/README", "/etc/passwd"])
def test_other_files_are_not_pages(app: App, name: str) -> None:
    answer = httpx.get(f"{app.url}/docs/{name}.md")
    assert answer.status_code == 404
    assert "# Quintet" not in answer.text


def test_tables_and_examples_are_shown_and_marks_for_the_tests_are_not() -> None:
    text = to_html((PAGES_DIR / "openai.md").read_text("utf-8"))
    assert "<pre><code" in text
    assert "<title>With OpenAI's client · Quintet</title>" in text.replace("&#x27;", "'")
    assert "<p><!--" not in text
    assert "<table>" in to_html((PAGES_DIR / "mcp.md").read_text("utf-8"))
