"""The fenced examples of a page, and the HTML comments that say what to expect of them.

    <!-- expect: Paris -->            the output holds this; several comments, several texts
    <!-- not run: needs a key -->     shown only, for this reason

A comment belongs to the block that follows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

RUNNABLE = ("bash", "python")
SHOWN = ("text", "yaml", "json", "ini", "dockerfile")
"""Languages of blocks that are there to be read."""
_COMMENT = re.compile(r"<!--\s*(expect|not run):\s*(.+?)\s*-->")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One fenced block."""

    page: str
    line: int
    language: str
    text: str
    expected: tuple[str, ...] = ()
    not_run: str = ""
    """Why it is not run."""

    @property
    def is_runnable(self) -> bool:
        return self.language in RUNNABLE and not self.not_run

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def examples_of(path: Path) -> list[Example]:
    """Return every fenced block of a page, in order."""
    found: list[Example] = []
    said: list[tuple[str, str]] = []
    for token in MarkdownIt("commonmark").parse(_body(path)):
        if token.type == "html_block":
            said += _COMMENT.findall(token.content)
        elif token.type == "fence":
            start = token.map[0] + 1 if token.map else 0
            reasons = [text for key, text in said if key == "not run"]
            example = Example(
                page=path.name,
                line=start,
                language=token.info.strip(),
                text=token.content,
                expected=tuple(text for key, text in said if key == "expect"),
                not_run=" ".join(reasons),
            )
            found.append(example)
            said = []
    return found


def _body(path: Path) -> str:
    """Return the page with its front matter blanked, so that lines keep their numbers."""
    text = path.read_text("utf-8")
    matter = re.match(r"---\n.*?\n---\n", text, re.DOTALL)
    return "\n" * matter[0].count("\n") + text[matter.end() :] if matter else text
