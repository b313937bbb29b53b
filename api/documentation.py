"""What /docs says besides the routes: a sentence and a page for each door, and the pages themselves."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from workers.messages.errors import NotFoundError

from .core.dialect import Dialect

PAGES_DIR = Path(__file__).parents[1] / "docs"
HEALTH = ("Health", "access", "For supervisors; needs no key.")
"""The one heading that is no dialect's: tag of the routes, page, sentence."""
OTHERS = (
    ("MCP", "mcp", "six tools at /mcp for other programs' models"),
    ("Python", "python", "the same five modalities without HTTP"),
    ("Command line", "cli", "the same from a shell"),
    ("Remote models", "remote", "another server's models behind every door"),
    ("Access", "access", "keys, origins, host names, ports, limits"),
)
"""Doors without routes to list here, and what holds for all of them."""
STYLE = """:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;
margin:2rem auto;padding:0 1rem}pre{overflow-x:auto;padding:.75rem;border:1px solid #8886;
border-radius:6px}code{font-size:.9em}table{border-collapse:collapse;display:block;overflow-x:auto}
td,th{border:1px solid #8886;padding:.3rem .6rem;text-align:left;vertical-align:top}"""


def tags(dialects: Sequence[Dialect]) -> list[dict[str, str]]:
    """Return the headings of /docs."""
    headings = [*((dialect.name, dialect.page, dialect.about) for dialect in dialects), HEALTH]
    return [
        {"name": name, "description": f"{sentence} [How to use it](docs/{page}.md)"}
        for name, page, sentence in headings
    ]


def description(dialects: Sequence[Dialect]) -> str:
    """Return the text above the headings: a link for each door."""
    names: dict[str, str] = {}
    for dialect in dialects:
        names.setdefault(dialect.page, dialect.name)  # of several on one page the first
    linked = [f"[{name}](docs/{page}.md)" for page, name in names.items()]
    others = [f"- [{name}](docs/{page}.md): {what}" for name, page, what in OTHERS]
    return "\n".join(
        [
            "Five local models behind the interfaces that programs already know. "
            "Each has a page with examples: " + ", ".join(linked) + ". Besides:",
            "",
            *others,
        ]
    )


def create_documentation_router() -> APIRouter:
    """Return the route of the pages in docs/."""
    router = APIRouter()

    @router.get("/docs/{name:path}.md", include_in_schema=False, response_class=HTMLResponse)
    def page(name: str) -> str:
        """One page of the documentation."""
        pages = {path.relative_to(PAGES_DIR).as_posix(): path for path in PAGES_DIR.rglob("*.md")}
        if f"{name}.md" not in pages:
            raise NotFoundError(f"No page is called {name!r}; /docs/README.md lists them.")
        return to_html(pages[f"{name}.md"].read_text("utf-8"))

    return router


def to_html(text: str) -> str:
    """Return a page of ours for a browser."""
    from markdown_it import MarkdownIt

    title = html.escape(text.partition("\n")[0].lstrip("# "))
    body = MarkdownIt("commonmark").enable("table").render(text)
    head = (
        f"<title>{title} · Quintet</title>"
        '<meta name="viewport" content="width=device-width"><meta charset="utf-8">'
    )
    return f"<!doctype html><html lang=en>{head}<style>{STYLE}</style><body>{body}</body></html>"
