"""What is to be answered in a kept chat, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workers.chats.files import AttachedFiles
from workers.chats.records import Message

from .chat_tools import TurnTools
from .options import TurnOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnAsk:
    """One answer's question."""

    path: Sequence[Message]
    """The chat from its beginning to the question, or to the answer that is gone on with."""
    options: TurnOptions
    tools: TurnTools | None = None
    """What the answer has of the tools that there are; None: none can be called."""
    files: AttachedFiles | None = None
    """Where the files are that the path's questions name; None: none can be read."""
