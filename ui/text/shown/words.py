"""An answer's words as they are shown: Markdown, in which pieces may have put links of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workers.chats.records import Message

from .data import shown_json
from .flow import words_beside
from .sources import cited_words

CHANGES: Sequence[Callable[[str, Message], str]] = (shown_json, words_beside, cited_words)
"""Each takes the Markdown so far and the message, and returns the Markdown that is shown."""


def shown_words(message: Message) -> str:
    """Return an answer's Markdown for the page; what is kept, copied and sent stays as it is."""
    text = message.text
    for change in CHANGES:
        text = change(text, message)
    return text
