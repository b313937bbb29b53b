"""The words of an article: what its models are asked, and how its parts become one Markdown text. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workers.chats.records import NOTHING
from workers.flows.citations import cite
from workers.messages import Passage
from workers.messages.places import place_in

from .items import items_of

MAX_SECTIONS = 8
MAX_QUERIES = 3
MAX_TITLE_CHARS = 90
OUTLINE = (
    "{passages}Write the outline of an article. What it is to be about:\n\n{task}\n\n"
    "Answer with the article's title in the first line, then a numbered list of three to six section "
    "headings, one line each, and nothing else."
)
QUERIES = (
    "An article is written. What it is to be about:\n\n{task}\n\nFor its section “{heading}”, write "
    "three short search queries that find facts in a library: a numbered list, one line each, and "
    "nothing else."
)
SECTION = (
    "{passages}You write one section of an article. What it is to be about:\n\n{task}\n\n"
    "Its sections:\n{outline}\n\nWrite the section “{heading}” alone: two to four paragraphs, without "
    "a heading.{style}{rule}"
)
STYLE = " Write so: {style}."
RULE = (
    " Write from the numbered passages alone, and put the number of the passage in square brackets "
    "after each sentence, like [1]."
)
FAILED = "*This section could not be written: {error}*"

_HEADING = re.compile(r"^\s*#{1,6}\s+[^\n]*\n+")
_TITLE_MARK = re.compile(r"^(?:#{1,6}\s+|\**title\**\s*:\s*\**)", re.IGNORECASE)
_MARK = re.compile(r"\[(\d{1,2})\]")
_UNSAFE = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleOutline:
    """What an article is to have."""

    title: str
    headings: tuple[str, ...]
    """None if the outline is no list."""
    num_dropped: int = 0


def outline_of(text: str, task: str) -> ArticleOutline:
    """Return title and headings of an outline as a model wrote it; the task, where it has no title."""
    items = items_of(text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = lines[0] if lines else ""
    is_title = bool(first) and (not items_of(first) or first.startswith("#"))
    title = _TITLE_MARK.sub("", first) if is_title and items else task.strip().splitlines()[0]
    headings = tuple(item.rstrip(":") for item in items if item != title)
    return ArticleOutline(
        title=_short(title.strip('*_"“” ')) or "Article",
        headings=headings[:MAX_SECTIONS],
        num_dropped=max(0, len(headings) - MAX_SECTIONS),
    )


def numbered(passages: Sequence[Passage]) -> str:
    """Return passages as they are put before a question, "" for none; the best stands last."""
    lines = [f"[{number}] {passage.text}" for number, passage in enumerate(passages, start=1)]
    return "\n\n".join(reversed(lines)) + "\n\n" if lines else ""


@dataclass(slots=True)
class Bibliography:
    """The passages that an article cites, numbered through all its sections."""

    _cited: dict[str, Passage] = field(default_factory=dict)
    _where: dict[str, str] = field(default_factory=dict)

    def section(
        self, text: str, passages: Sequence[Passage], where: Mapping[str, str] = NOTHING
    ) -> str:
        """Return a section with its marks in the numbers of the article, without a heading of its own.

        `where`: the collections that passages are of, by their chunks.
        """
        self._where |= where
        body = _HEADING.sub("", text, count=1).strip()
        if not passages:
            return body
        marked = cite(body, passages)
        for number in marked.numbers:
            self._cited.setdefault(passages[number - 1].chunk_id, passages[number - 1])
        places = {chunk: place for place, chunk in enumerate(self._cited, start=1)}
        return _MARK.sub(
            lambda mark: f"[{places[passages[int(mark[1]) - 1].chunk_id]}]", marked.text
        )

    def as_markdown(self) -> str:
        """Return the list of sources that ends the article; "" if it cites none."""
        lines = [
            f"{number}. {_place_of(passage)}"
            for number, passage in enumerate(self._cited.values(), start=1)
        ]
        return "\n\n## Sources\n\n" + "\n".join(lines) if lines else ""

    def kept(self) -> list[dict[str, Any]]:
        """Return the cited passages as an answer's details have them, in the order of their numbers."""
        return [
            {
                "document": passage.document_name,
                "document_id": passage.document_id,
                "collection": self._where.get(chunk, ""),
                "page": passage.page,
                "place": dict(passage.place),
                "text": passage.text,
                "score": round(passage.score, 4),
                "relevance": None if passage.relevance is None else round(passage.relevance, 4),
                "is_used": True,
            }
            for chunk, passage in self._cited.items()
        ]


def file_name(title: str) -> str:
    """Return the name of the article's file."""
    return f"{_UNSAFE.sub('-', title.lower()).strip('-_')[:60] or 'article'}.md"


def _place_of(passage: Passage) -> str:
    return place_in(passage.document_name, passage.page, dict(passage.place))


def _short(title: str) -> str:
    if len(title) <= MAX_TITLE_CHARS:
        return title
    return f"{title[: MAX_TITLE_CHARS - 1].rsplit(' ', 1)[0]}…"
