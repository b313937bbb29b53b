"""Sentences of an answer that no passage says: underlined with dots, and summed up in one note. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

BEGIN, END = "\ue000", "\ue001"
"""Private characters that stand around such a sentence until the Markdown is HTML; no model writes them."""
OPEN = '<u class="q-unsaid" title="No passage says this">'
CLOSE = "</u>"
_LEAD = re.compile(r"^(?:\s*(?:[-*+>]|\d{1,2}[.)])\s+)+")


def marked(text: str, sentences: Sequence[str], begin: str = BEGIN, end: str = END) -> str:
    """Return Markdown with `begin` and `end` around the sentences; one with half an emphasis is left as it is."""
    start, pieces = 0, []
    for sentence in sentences:
        said = _LEAD.sub("", sentence)
        at = text.find(said, start)
        if at < 0 or not said or _is_torn(said):
            continue
        pieces += [text[start:at], begin, said, end]
        start = at + len(said)
    return "".join([*pieces, text[start:]])


def shown(html: str) -> str:
    """Return HTML in which the private characters are elements."""
    return html.replace(BEGIN, OPEN).replace(END, CLOSE)


def note_of(num_unsupported: int, num_claims: int) -> str:
    """Return what is said of all of them together; "" for none."""
    if not num_unsupported or not num_claims:
        return ""
    if num_claims == 1:
        return "No passage says this sentence: it is the model’s own."
    if num_unsupported >= num_claims:
        return f"No passage says any of the {num_claims} sentences: they are the model’s own."
    own = "the underlined one is" if num_unsupported == 1 else "the underlined ones are"
    num_said = num_claims - num_unsupported
    return f"Passages say {num_said} of {num_claims} sentences; {own} the model’s own."


def _is_torn(sentence: str) -> bool:
    return (
        bool(re.search(r"[|\n<>]", sentence))
        or sentence.count("*") % 2 + sentence.count("`") % 2 > 0
    )
