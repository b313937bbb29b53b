"""One action of somebody on the Text tab: who, where, what was sent with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ui.core.guard import uploaded_file
from ui.core.page_chats import PageChats
from ui.text.composer.missing import missing_words
from ui.text.personas.worn import worn
from ui.text.tools.leave import has_leave, within_leave
from workers.chats.own_chats import OwnChats
from workers.chats.records import KeptChat
from workers.client import Client
from workers.flows.turns.options import TurnOptions
from workers.messages.errors import NotFoundError, UnsupportedInputError
from workers.messages.standing import Standing

from .open_page import OpenPage

LIST, LOG, COMPOSER, OPTIONS = "list", "log", "composer", "options"
"""The parts of the tab that are drawn by themselves."""
ALL = (LIST, LOG, COMPOSER, OPTIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What an action works with."""

    client: Client
    chats: PageChats
    page: OpenPage
    owner: str
    caller: Standing
    sent: Mapping[str, Any]
    """What the browser sent, unchecked."""

    @property
    def own(self) -> OwnChats:
        """Return the chats among which the open one is, or is to begin."""
        return self.chats.of(self.owner, is_private=self.page.is_private)

    @property
    def chat(self) -> KeptChat:
        """Return the open chat. Raises: NotFoundError."""
        if self.page.chat is None:
            raise NotFoundError("There is no chat yet.", "Write a message first.")
        return self.own.get(self.page.chat)

    @property
    def options(self) -> TurnOptions:
        """Return how the open chat is answered, as its persona is now. Raises: NotFoundError."""
        return self.wishes[0]

    @property
    def wishes(self) -> tuple[TurnOptions, tuple[str, ...]]:
        """Return the options, and what is to be said of them. Raises: NotFoundError."""
        options, notes = worn(self.client, self.owner, self.settings)
        if not self.has_leave:
            options, left_out = within_leave(options)
            notes = (*notes, *left_out)
        lacks = missing_words(self.client, options.tools, options.collections)
        return options, (*notes, *lacks)

    @property
    def has_leave(self) -> bool:
        """Whether models may call this machine's own tools for the caller."""
        return has_leave(self.caller, self.chats.runner.tools)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Return the settings of the open chat, or of the one that is to begin. Raises: NotFoundError."""
        return self.page.settings if self.page.chat is None else self.chat.settings

    def text(self, key: str) -> str:
        """Return a text that was sent. Raises: UnsupportedInputError."""
        value = self.sent.get(key, "")
        if not isinstance(value, str):
            raise UnsupportedInputError(f"{key} has to be a text.")
        return value

    def file(self, key: str) -> Path:
        """Return a file that was uploaded to this page. Raises: UnsupportedInputError."""
        return uploaded_file(self.sent.get(key))

    def number(self, key: str) -> int:
        """Return a whole number that was sent, as JSON or as its digits. Raises: UnsupportedInputError."""
        value = self.sent.get(key)
        try:
            if isinstance(value, (int, str)) and not isinstance(value, bool):
                return int(value)
        except ValueError:
            pass
        raise UnsupportedInputError(f"{key} has to be a whole number.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an action has changed."""

    draw: tuple[str, ...] = ()
    """Parts of the tab that are drawn anew."""
    notice_html: str | None = ""
    """A line above the composer; None: the one that is there stays."""
    for_composer: Mapping[str, Any] | None = None
    """What the composer's script is to do besides; see `assets/composer.js`."""
    sheet: str | None = None
    """What the script of the personas' sheet does, as JSON; None: it stays as it is."""


Action: TypeAlias = Callable[[Act], Awaitable[Outcome]]
"""Raises: AppError, which is shown above the composer."""
