"""What a message's details are shown as: the one table that a new kind of detail enters.

A renderer takes the detail (JSON, as it was noted) and the message, and returns HTML in which
everything that is not ours is escaped. It may be called 25 times a second while the answer is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from workers.chats.records import Message

from . import flow
from .calls import calls_html, calls_note_html
from .data import data_error_html, data_html
from .files import files_html
from .sources import left_out_html, refused_html, sources_html

Renderer: TypeAlias = Callable[[Any, Message], str]

ABOVE_QUESTION: Sequence[tuple[str, Renderer]] = (("files", files_html),)
"""Key of `Message.details` of a question, and what shows it, from the top down."""
ABOVE_ANSWER: Sequence[tuple[str, Renderer]] = (
    ("left_out", left_out_html),
    ("steps", flow.steps_html),
    ("calls", calls_html),
    ("calls_note", calls_note_html),
    ("recalled_note", calls_note_html),
)
"""The same of an answer: what was done before its words."""
BELOW_ANSWER: Sequence[tuple[str, Renderer]] = (
    ("is_refused", refused_html),
    ("answers", flow.answers_html),
    ("flow", flow.remark_html),
    ("saved", flow.saved_html),
    ("artifact", flow.artifact_html),
    ("data", data_html),
    ("data_error", data_error_html),
    ("sources", sources_html),
)
"""What belongs to its words."""


def rendered(table: Sequence[tuple[str, Renderer]], message: Message) -> str:
    """Return what a table makes of a message's details."""
    details = message.details
    return "".join(render(details[key], message) for key, render in table if details.get(key))
