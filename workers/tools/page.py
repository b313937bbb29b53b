"""A page of the web as plain text, within bounds; never from the network that this machine stands in."""

from __future__ import annotations

import asyncio
from pathlib import PurePosixPath

from workers.media.fetch import fetch_public
from workers.messages import Media
from workers.messages.errors import UnsupportedInputError

MAX_PAGE_MIB = 2.0
FOREIGN = {".pdf", ".zip", ".gz", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp3", ".mp4", ".exe"}


async def read_page(url: str) -> str:
    """Return the text of a public page. Raises: UnsupportedInputError with one sentence."""
    if not url.lower().startswith(("http://", "https://")):
        raise UnsupportedInputError("Only http:// and https:// addresses of public hosts are read.")
    page = await fetch_public(url, MAX_PAGE_MIB)
    return await asyncio.to_thread(text_of_page, page)


def text_of_page(page: Media) -> str:
    """Return what a person would read of it. Raises: UnsupportedInputError for what is no text."""
    data = page.read()
    suffix = PurePosixPath(page.name).suffix.lower()
    if suffix in FOREIGN or b"\0" in data[:1024]:
        raise UnsupportedInputError(f"{page.name} is no page of text.")
    text = data.decode("utf-8", errors="replace")
    is_html = suffix in (".html", ".htm", ".xhtml") or "<html" in text[:2048].lower()
    return _plain(text) if is_html else text.strip()


def _plain(html: str) -> str:
    from bs4 import BeautifulSoup

    tree = BeautifulSoup(html, "lxml")
    for dead in tree(["script", "style", "noscript", "template", "svg", "nav"]):
        dead.decompose()
    lines = (line.strip() for line in tree.get_text("\n").splitlines())
    return "\n".join(line for line in lines if line)
