"""One owner's chats: the list, the search, the messages, and every change of them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from workers.messages.errors import NotFoundError

from .database import ChatDatabase
from .files import AttachedFiles
from .records import NOTHING, FoundChat, KeptChat, Message, TitledBy, Tree, tree_of
from .rows import as_json, chat_of, excerpt_of, holds, message_of, phrase
from .writing import add, begin_again, check_parent, end, insert, settle

SEARCH_LIMIT = 50
"""Chats that a search returns at most, the newest first."""
FOUND = (
    "SELECT whole_chats.*, messages.id AS found_id, messages.text AS found_text FROM words "
    "JOIN messages ON messages.id = words.rowid JOIN whole_chats ON whole_chats.id = messages.chat "
    "WHERE owner = ? AND deleted_s IS NULL"
)
TRIGRAM = 3
"""The index knows words of so many characters or more."""


class OwnChats:
    """The chats of one user or browser; another's are not there for him (NotFoundError).

    Every method is one transaction. All raise ResourceError and DiskFullError.
    """

    def __init__(self, database: ChatDatabase, owner: str, files: AttachedFiles) -> None:
        self.files = files
        """What was attached to the questions of all owners: see `own_file`."""
        self._database = database
        self._owner = owner

    # --- chats ---

    def all(self) -> tuple[KeptChat, ...]:
        """Return the chats, those changed last first."""
        rows = self._database.rows(
            "SELECT * FROM whole_chats WHERE owner = ? AND deleted_s IS NULL ORDER BY changed_s DESC, rowid DESC",
            (self._owner,),
        )
        return tuple(map(chat_of, rows))

    def get(self, chat_id: str) -> KeptChat:
        """Return one chat. Raises: NotFoundError, also for one that was deleted."""
        rows = self._database.rows(
            "SELECT * FROM whole_chats WHERE id = ? AND owner = ? AND deleted_s IS NULL",
            (chat_id, self._owner),
        )
        if not rows:
            raise NotFoundError("There is no such chat.", "It may have been deleted.")
        return chat_of(rows[0])

    def tree(self, chat_id: str) -> Tree:
        """Return all messages of a chat. Raises: NotFoundError."""
        self.get(chat_id)
        rows = self._database.rows(
            "SELECT * FROM whole_messages WHERE chat = ? ORDER BY id", (chat_id,)
        )
        return tree_of(map(message_of, rows))

    def search(self, query: str) -> tuple[FoundChat, ...]:
        """Return the chats with a title or a message that holds every word, also as parts of words."""
        words = query.casefold().split()
        if not words:
            return tuple(FoundChat(chat=chat, excerpt="") for chat in self.all())
        found = self._by_title(query)
        for row in self._by_words(query):
            chat = chat_of(row)
            if chat.id not in found:
                excerpt = excerpt_of(row["found_text"], words)
                found[chat.id] = FoundChat(chat=chat, excerpt=excerpt, message=row["found_id"])
        newest = sorted(found.values(), key=lambda one: one.chat.changed_s, reverse=True)
        return tuple(newest[:SEARCH_LIMIT])

    def create(
        self, *, title: str = "", settings: Mapping[str, Any] = NOTHING, folder: str = ""
    ) -> KeptChat:
        """Begin a chat; without a title, its first question gives it one."""
        like = KeptChat(
            id="",
            title=title,
            titled_by="person" if title else "question",
            folder=folder,
            settings=settings,
        )
        with self._database.writing() as database:
            return self.get(insert(database, self._owner, like))

    def take_in(self, like: KeptChat, messages: Sequence[Message]) -> KeptChat:
        """Keep a whole chat from a file as a new one, or nothing of it.

        The ids of the messages, and those that `like` and they name, are the file's; what follows a
        message comes after it. Nobody writes on what was being written there.
        """
        with self._database.writing() as database:
            chat_id = insert(database, self._owner, like)
            ids: dict[int | None, int] = {}
            for message in messages:
                state = "interrupted" if message.state == "running" else message.state
                new = replace(message, parent=ids.get(message.parent), state=state)
                ids[message.id] = add(database, chat_id, new)
            settle(database, chat_id, ids.get(like.shown, max(ids.values(), default=None)))
            return self.get(chat_id)

    def rename(self, chat_id: str, title: str, by: TitledBy = "person") -> None:
        """Give a chat a title. One that a person chose, no model changes. Raises: NotFoundError."""
        with self._changing(chat_id) as database:
            database.execute(
                "UPDATE chats SET title = ?, titled_by = ? WHERE id = ? "
                "AND (? = 'person' OR titled_by <> 'person')",
                (title, by, chat_id, by),
            )

    def pin(self, chat_id: str, *, is_pinned: bool = True) -> None:
        """Keep a chat at the top of the list, or no longer. Raises: NotFoundError."""
        with self._changing(chat_id) as database:
            database.execute("UPDATE chats SET is_pinned = ? WHERE id = ?", (is_pinned, chat_id))

    def move(self, chat_id: str, folder: str) -> None:
        """File a chat in a folder; "" takes it out of any. Raises: NotFoundError."""
        with self._changing(chat_id) as database:
            database.execute("UPDATE chats SET folder = ? WHERE id = ?", (folder.strip(), chat_id))

    def rename_folder(self, old: str, new: str) -> None:
        """Give a folder another name; "" takes its chats out of it."""
        with self._database.writing() as database:
            database.execute(
                "UPDATE chats SET folder = ? WHERE folder = ? AND owner = ?",
                (new.strip(), old, self._owner),
            )

    def set_settings(self, chat_id: str, settings: Mapping[str, Any]) -> None:
        """Say how a chat is answered from now on. Raises: NotFoundError."""
        with self._changing(chat_id) as database:
            database.execute(
                "UPDATE chats SET settings = ? WHERE id = ?", (as_json(settings), chat_id)
            )

    def delete(self, chat_id: str) -> None:
        """Take a chat out of the list; `restore` brings it back. Raises: NotFoundError."""
        with self._changing(chat_id) as database:
            database.execute("UPDATE chats SET deleted_s = ? WHERE id = ?", (time.time(), chat_id))

    def restore(self, chat_id: str) -> KeptChat:
        """Bring a deleted chat back. Raises: NotFoundError if it is gone for good."""
        with self._database.writing() as database:
            database.execute(
                "UPDATE chats SET deleted_s = NULL WHERE id = ? AND owner = ?",
                (chat_id, self._owner),
            )
        return self.get(chat_id)

    # --- messages ---

    def message(self, message: int) -> Message:
        """Return one message, also of a chat that was deleted and can be brought back.

        Raises: NotFoundError.
        """
        self._check_owned(message)
        rows = self._database.rows("SELECT * FROM whole_messages WHERE id = ?", (message,))
        return message_of(rows[0])

    def path(self, end: int) -> tuple[Message, ...]:
        """Return the messages from a chat's beginning to one, as `message` does. Raises: NotFoundError."""
        path = [self.message(end)]
        while (parent := path[-1].parent) is not None:
            path.append(self.message(parent))
        return tuple(reversed(path))

    def add_question(
        self, chat_id: str, parent: int | None, text: str, details: Mapping[str, Any] = NOTHING
    ) -> int:
        """Add a question after an answer (None: at the beginning) and show it; returns its id.

        Raises: NotFoundError.
        """
        with self._changing(chat_id) as database:
            question = Message(id=0, parent=parent, role="user", text=text, details=details)
            return add(database, chat_id, question)

    def begin_answer(
        self, chat_id: str, question: int | None, details: Mapping[str, Any] = NOTHING
    ) -> int:
        """Add an answer that is being written, and show it; returns its id. Raises: NotFoundError."""
        with self._changing(chat_id) as database:
            empty = Message(
                id=0, parent=question, role="assistant", text="", state="running", details=details
            )
            return add(database, chat_id, empty)

    def add_answer(
        self, chat_id: str, question: int | None, text: str, details: Mapping[str, Any] = NOTHING
    ) -> int:
        """Add a whole answer, such as one that a person has changed. Raises: NotFoundError."""
        with self._changing(chat_id) as database:
            whole = Message(id=0, parent=question, role="assistant", text=text, details=details)
            return add(database, chat_id, whole)

    def go_on(self, message: int) -> None:
        """Say that an answer that broke off is being written on. Raises: NotFoundError."""
        with self._database.writing() as database:
            self._check_owned(message)
            begin_again(database, message)

    def write(self, message: int, text: str = "", thought: str = "") -> None:
        """Add a piece to an answer. Raises: NotFoundError if its chat is gone for good."""
        if not text and not thought:
            return
        with self._database.writing() as database:
            self._check_owned(message)
            database.execute(
                "INSERT INTO pieces (message, text, thought) VALUES (?, ?, ?)",
                (message, text, thought),
            )

    def rewrite(self, message: int, text: str) -> None:
        """Let an answer that is being written have other words so far. Raises: NotFoundError."""
        with self._database.writing() as database:
            self._check_owned(message)
            database.execute("UPDATE messages SET text = ? WHERE id = ?", (text, message))
            database.execute("UPDATE pieces SET text = '' WHERE message = ?", (message,))

    def end_answer(self, whole: Message) -> Message:
        """Let an answer have ended so, with these words in the place of what was written; returns it.

        Its details are added to what was noted. Raises: NotFoundError.
        """
        with self._database.writing() as database:
            noted = self.message(whole.id).details
            end(database, replace(whole, details={**noted, **whole.details}))
            return self.message(whole.id)

    def note(self, message: int, details: Mapping[str, Any]) -> None:
        """Add to a message's details, whether it is being written or not. Raises: NotFoundError."""
        with self._database.writing() as database:
            merged = as_json({**self.message(message).details, **details})
            database.execute("UPDATE messages SET details = ? WHERE id = ?", (merged, message))

    def show(self, chat_id: str, message: int | None) -> None:
        """Let a message be the end of what is seen; None: nothing is. Raises: NotFoundError."""
        with self._changing(chat_id) as database:
            if message is not None:
                check_parent(database, chat_id, message)
            database.execute("UPDATE chats SET shown = ? WHERE id = ?", (message, chat_id))

    # --- within ---

    @contextmanager
    def _changing(self, chat_id: str) -> Iterator[sqlite3.Connection]:
        """Begin a transaction on a chat of this owner. Raises: NotFoundError."""
        with self._database.writing() as database:
            self.get(chat_id)
            yield database

    def _check_owned(self, message: int) -> None:
        """Raises: NotFoundError. Reads none of the message, which may be long."""
        query = "SELECT 1 FROM messages JOIN chats ON chats.id = chat WHERE messages.id = ? AND owner = ?"
        if not self._database.rows(query, (message, self._owner)):
            raise NotFoundError(
                f"There is no message {message}.", "Its chat may have been deleted."
            )

    def _by_title(self, query: str) -> dict[str, FoundChat]:
        own = (chat for chat in self.all() if holds(chat.title, query))
        return {chat.id: FoundChat(chat=chat, excerpt="") for chat in own}

    def _by_words(self, query: str) -> list[sqlite3.Row]:
        """Return the messages that hold every word; words too short for the index are looked for in each."""
        words = query.casefold().split()
        if all(len(word) >= TRIGRAM for word in words):
            return self._database.rows(
                f"{FOUND} AND words MATCH ? ORDER BY found_id DESC",
                (self._owner, " ".join(map(phrase, words))),
            )
        return self._database.rows(
            f"{FOUND} AND holds(words.text, ?) ORDER BY found_id DESC", (self._owner, query)
        )
