"""A page's elements, one after the other → its readable text, line by line.

It is called by the parser for each tag, keeps what is open as numbers, and builds no tree: a page
nested 100,000 deep is read as fast as a flat one of its size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from workers.messages import Metadata

MARK = "\x02"
"""Starts a heading's line, its level follows; no text of a page contains it."""
_LEFT_OUT = frozenset(
    "script style noscript template svg nav footer button iframe dialog textarea select option "
    "datalist object canvas audio video".split()
)
_BLOCKS = frozenset(
    "p div section article main aside form fieldset li ul ol dl dt dd pre blockquote table tr "
    "caption figure figcaption header address details summary center hr".split()
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_PARTS = frozenset(("main", "article", "aside"))
_HIDING = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_SPACES = re.compile(r"[\s\x02]+")
_META = {
    "author": "author",
    "article:author": "author",
    "dc.creator": "author",
    "date": "date",
    "article:published_time": "date",
    "dc.date": "date",
}
_MAX_SAID_CHARS = 300


class Flattener:
    """What lxml calls while it parses a page; then `text` and `metadata` have what it says."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._last = "\n"
        """The last character written."""
        self._hidden = 0
        """How many elements are open since one that is left out; 0: none is."""
        self._in_head = self._in_title = False
        self._pre = self._cells = self._items = 0
        self._heading = ""
        self._headers: list[tuple[int, int]] = []
        """Where each open header began, and how many headings were seen before it."""
        self._num_headings = 0
        self._open_parts = 0
        self._part_start = 0
        self._parts: list[tuple[int, int]] = []
        """Where what a page itself calls its content begins and ends."""
        self._said: dict[str, str] = {}

    @property
    def metadata(self) -> Metadata:
        """Title, author and date, where the page names them."""
        said = ((key, " ".join(text.split())[:_MAX_SAID_CHARS]) for key, text in self._said.items())
        return tuple(sorted((key, text) for key, text in said if text))

    def text(self) -> str:
        """Return the text; of a page that marks its content, that, if it is most of it."""
        whole = "".join(self._out)
        content = "\n".join("".join(self._out[start:end]) for start, end in self._parts)
        return content if 2 * len(content.strip()) >= len(whole.strip()) > 0 else whole

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if self._hidden or tag in _LEFT_OUT or _is_hidden(attributes):
            self._hidden += 1
        elif tag == "head":
            self._in_head = True
        elif self._in_head:
            self._in_title = tag == "title"
            self._note(attributes)
        elif tag in _HEADINGS:
            self._num_headings += 1
            if not self._heading:
                self._write(f"\n{MARK}{tag[1]}")
                self._heading = tag
        elif tag == "br":
            self._write(" " if self._heading or self._cells else "\n")
        else:
            self._enter(tag)

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._hidden:
            self._hidden -= 1
        elif tag == "head":
            self._in_head = False
        elif self._in_head:
            self._in_title = False
        elif tag == self._heading:
            self._heading = ""
            self._write("\n")
        elif tag != "br":
            self._leave(tag)

    def data(self, text: str) -> None:
        """Some text."""
        if self._hidden:
            return
        if self._in_head:
            if self._in_title:
                self._said["title"] = self._said.get("title", "") + text
            return
        if self._pre and not self._heading:
            self._write(text.replace(MARK, ""))
            return
        text = _SPACES.sub(" ", text)
        self._write(text[1:] if self._last in " \n" and text.startswith(" ") else text)

    def comment(self, _: str) -> None:
        """Nobody sees it."""

    def close(self) -> None:
        """The page ends: so does what is still open."""
        if self._open_parts:
            self._parts.append((self._part_start, len(self._out)))

    def _write(self, text: str) -> None:
        if text:
            self._out.append(text)
            self._last = text[-1]

    def _enter(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cells += 1
            return
        if tag in _BLOCKS:
            self._break(tag, is_start=True)
        self._pre += tag == "pre"
        self._items += tag == "li"
        if tag == "header":
            self._headers.append((len(self._out), self._num_headings))
        if tag in _PARTS:
            self._part_start = self._part_start if self._open_parts else len(self._out)
            self._open_parts += 1

    def _leave(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cells -= 1
            self._write("| " if self._last == " " else " | ")
            return
        self._pre -= tag == "pre"
        self._items -= tag == "li"
        if tag == "header":
            self._leave_header()
        if tag in _BLOCKS:
            self._break(tag, is_start=False)
        if tag in _PARTS:
            self._open_parts -= 1
            if not self._open_parts:
                self._parts.append((self._part_start, len(self._out)))

    def _leave_header(self) -> None:
        """A header without a heading has a logo, a search field, a name: the same on every page."""
        start, num_headings = self._headers.pop()
        if num_headings == self._num_headings:
            del self._out[start:]
            self._last = "\n"

    def _break(self, tag: str, *, is_start: bool) -> None:
        if self._heading or (self._cells and tag != "tr"):
            # A paragraph in a cell does not end the row.
            self._write("" if self._last in " \n" else " ")
        elif self._items or tag in ("li", "tr"):
            self._write("" if self._last == "\n" else "\n")
        else:
            self._write("\n" if is_start or self._last != "\n" else "")

    def _note(self, attributes: Mapping[str, str]) -> None:
        name = (attributes.get("name") or attributes.get("property") or "").lower()
        if name in _META:
            self._said.setdefault(_META[name], attributes.get("content") or "")


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    """Whether an element says itself that nobody sees it; what style sheets say is not known."""
    if not attributes:
        return False
    if "hidden" in attributes and attributes["hidden"].lower() != "until-found":
        return True
    return _HIDING.search(attributes.get("style") or "") is not None
