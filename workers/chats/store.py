"""Chats kept in a data folder: every change is one transaction, before anybody sees it.

An answer is written piece by piece, so that whatever was shown is there after a crash; at its end the
pieces become its text. Each owner sees his own chats alone: `ChatStore.of`.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from workers.messages.attached import KEPT, passing_scope
from workers.messages.errors import FolderInUseError

from .database import ChatDatabase
from .files import AttachedFiles, files_of
from .own_chats import OwnChats
from .rows import message_of
from .writing import end

log = logging.getLogger("quintet.chats")

FILE = "chats.sqlite3"
KEPT_AFTER_DELETION_S = 3600.0
"""How long a deleted chat can be brought back."""


class ChatStore:
    """The chats of all owners."""

    def __init__(self, data_dir: Path | None) -> None:
        """None: in memory alone, for chats that nothing is to remain of.

        Raises: FolderInUseError if another Quintet keeps chats there; ResourceError, DiskFullError.
        """
        self.folder = data_dir
        """Where what belongs to chats may be kept beside them."""
        self._lock: FileLock | None = None
        if data_dir is not None:
            self._lock = _locked(data_dir)
        scope = KEPT if data_dir is not None else passing_scope()
        self.files = AttachedFiles(data_dir, scope)
        """What was attached to their questions."""
        try:
            self._database = ChatDatabase(data_dir / FILE if data_dir is not None else None)
            self._end_interrupted()
            self.purge()
        except BaseException:
            self._unlock()
            raise

    def of(self, owner: str) -> OwnChats:
        """Return the chats of one user or browser, and the way to change them."""
        return OwnChats(self._database, owner, self.files)

    def purge(self, before_s: float | None = None) -> int:
        """Take out chats that were deleted before a moment (seconds since 1970; None: an hour ago).

        Returns how many; files that no other chat names go with them. One in which an answer is being written stays until the next time.
        """
        limit = time.time() - KEPT_AFTER_DELETION_S if before_s is None else before_s
        with self._database.writing() as database:
            gone = database.execute(
                "SELECT id FROM chats WHERE deleted_s < ? AND NOT EXISTS "
                "(SELECT 1 FROM messages WHERE chat = chats.id AND state = 'running')",
                (limit,),
            ).fetchall()
            for (chat,) in gone:
                database.execute(
                    "DELETE FROM words WHERE rowid IN (SELECT id FROM messages WHERE chat = ?)",
                    (chat,),
                )
                database.execute("UPDATE messages SET parent = NULL WHERE chat = ?", (chat,))
                database.execute("DELETE FROM chats WHERE id = ?", (chat,))
        self.files.purge(self._named_files())
        return len(gone)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()
        self.files.close()
        self._unlock()

    def _named_files(self) -> set[str]:
        """Return the ids of all files that a question names."""
        rows = self._database.rows(
            "SELECT * FROM whole_messages WHERE role = 'user' AND details LIKE '%\"files\"%'"
        )
        return {file.id for row in rows for file in files_of(message_of(row))}

    def _end_interrupted(self) -> None:
        """Say of the answers that an earlier process began and did not end that they were interrupted."""
        for row in self._database.rows("SELECT * FROM whole_messages WHERE state = 'running'"):
            with self._database.writing() as database:
                end(database, replace(message_of(row), state="interrupted"))

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()


def _locked(data_dir: Path) -> FileLock:
    """Raises: FolderInUseError; ResourceError is left to the database."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(data_dir / f"{FILE}.lock", blocking=False, thread_local=False)
    try:
        lock.acquire()
    except Timeout as err:
        raise FolderInUseError(
            f"Another Quintet keeps its chats in {data_dir}.",
            "Chats of this one are not kept. Choose another folder with --data-dir.",
        ) from err
    return lock
