"""What a person has typed, as it was typed. Pure."""

from __future__ import annotations

import re
from html import escape

FENCE = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[^\n`]*)\n(?P<code>.*?)(?:\n(?P=fence)[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
"""A block of code between fences; one that nobody has closed goes to the end, as in Markdown."""


def literal_html(text: str) -> str:
    """Return a text as HTML that shows every character of it; code between fences stands in a block."""
    parts: list[str] = []
    at = 0
    for found in FENCE.finditer(text):
        parts.append(_words(text[at : found.start()]))
        parts.append(f"<pre><code>{escape(found['code'])}</code></pre>")
        at = found.end()
    parts.append(_words(text[at:]))
    return "".join(parts)


def _words(text: str) -> str:
    text = text.strip("\n")
    return f'<span class="q-literal">{escape(text)}</span>' if text else ""
