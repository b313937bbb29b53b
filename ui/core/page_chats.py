"""The chats that the page shows: those that are kept, those that are not, and who writes the answers."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextlib import suppress
from pathlib import Path

from workers.chats.own_chats import OwnChats
from workers.chats.store import ChatStore
from workers.client import Client
from workers.flows.turns.attached.documents import forget_files
from workers.flows.turns.chat_tools import ChatTools
from workers.flows.turns.runner import TurnRunner
from workers.messages.errors import AppError, NotFoundError

from .callers import VISIT

log = logging.getLogger("quintet")

FORGET_S = 3600.0
"""A chat that is not kept goes when nobody has looked at it for so long."""
SWEEP_S = 60.0
"""Between two looks for what is to go."""
NO_COOKIE = "Your browser keeps no cookie of this page: chats are gone when the page is closed."


class PageChats:
    """Lives as long as the page."""

    def __init__(self, client: Client, data_dir: Path, tools: ChatTools | None = None) -> None:
        """Chats are kept in `data_dir`; where that cannot be, they live in memory, and the page says so."""
        self.not_kept = ""
        """Why no chat of this Quintet is kept, in a sentence; "": they are."""
        self._passing = ChatStore(None)
        try:
            self._kept = ChatStore(data_dir)
        except AppError as err:
            self.not_kept = str(err)
            log.warning("chats are not kept: %s", err)
            self._kept = ChatStore(None)
        self.runner = TurnRunner(client, tools)
        self._client = client
        self.forgetting: threading.Thread | None = None
        """Removes what was searched in files that are gone: documents may have to be woken for it."""
        self._looked_at: dict[str, tuple[OwnChats, float]] = {}
        """Chats that are not kept, and when somebody looked at each last."""
        self._swept_s = time.monotonic()

    def of(self, owner: str, *, is_private: bool = False) -> OwnChats:
        """Return one owner's chats: those that are kept, or those of which nothing remains."""
        store = self._passing if is_private or owner.startswith(VISIT) else self._kept
        return store.of(owner)

    def with_chat(self, owner: str, chat: str) -> OwnChats:
        """Return those of an owner's chats among which one is. Raises: NotFoundError."""
        for own in (self.of(owner), self.of(owner, is_private=True)):
            try:
                own.get(chat)
            except NotFoundError:
                continue
            return own
        raise NotFoundError("There is no such chat.", "It may have been deleted.")

    def why_not_kept(self, owner: str) -> str:
        """Return why this owner's chats are not kept, in a sentence; "": they are."""
        return self.not_kept or (NO_COOKIE if owner.startswith(VISIT) else "")

    def note_look(self, own: OwnChats, chat: str, now_s: float | None = None) -> None:
        """Note that somebody looks at a chat that is not kept; let those go that nobody looks at any more.

        `now_s`: `time.monotonic()`. So do deleted ones that could not be brought back any more.
        """
        now = time.monotonic() if now_s is None else now_s
        self._looked_at[chat] = (own, now)
        self.sweep(now)

    def sweep(self, now_s: float) -> None:
        """Let go of what is to go, `SWEEP_S` after the last time or later."""
        if now_s - self._swept_s < SWEEP_S:
            return
        self._swept_s = now_s
        for chat, (own, looked_s) in list(self._looked_at.items()):
            if now_s - looked_s > FORGET_S:
                del self._looked_at[chat]
                for turn in self.runner.of_chat(chat):
                    turn.stop()
                with suppress(AppError):  # it was deleted already
                    own.delete(chat)
        for store, before_s in ((self._passing, time.time()), (self._kept, None)):
            with suppress(AppError):  # the disk is full: next time
                store.purge(before_s)
            if store.files.num_gone:
                self.forgetting = threading.Thread(
                    target=self._forget_files, args=(store,), daemon=True
                )
                self.forgetting.start()

    def _forget_files(self, store: ChatStore) -> None:
        try:
            asyncio.run(forget_files(self._client, store.files))
        except AppError as err:
            log.warning("what was searched in deleted files is not removed yet: %s", err)

    def close(self) -> None:
        """Let go of the files, once nothing is being written any more."""
        self._kept.close()
        self._passing.close()
