"""What kept chats should be like after some actions. Pure: no store, no pool, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from workers.chats.records import KeptChat, Message, Tree

UNENDED = frozenset({"running"})


def echo(text: str) -> str:
    """What the fake says to a message."""
    return "".join(f"{word} " for word in text.split())


@dataclass(slots=True, kw_only=True)
class ExpectedMessage:
    """One message, and what may be true of it by now."""

    id: int
    parent: int | None
    role: str
    whole: str
    """A question as it was typed; of an answer all that may come."""
    shown: str = ""
    """The most that anybody has seen of it."""
    ends: frozenset[str] = frozenset({"running", "stop"})
    """How it may stand by now."""

    def may_be(self, kept: Message) -> str:
        """Return what is wrong with what is kept; "" if nothing."""
        if (kept.parent, kept.role) != (self.parent, self.role):
            return f"it is a {kept.role} below {kept.parent}, not a {self.role} below {self.parent}"
        if kept.state not in self.ends:
            return f"it is {kept.state} ({kept.error!r}), not one of {sorted(self.ends)}"
        if not self.whole.startswith(kept.text):
            return f"its text {kept.text!r} is no beginning of {self.whole!r}"
        if kept.state == "stop" and kept.text != self.whole:
            return f"it has ended with {kept.text!r} instead of {self.whole!r}"
        if not kept.text.startswith(self.shown):
            return f"{self.shown!r} was shown, {kept.text!r} is kept"
        return ""


@dataclass(slots=True, kw_only=True)
class ExpectedChat:
    """One chat."""

    id: str
    owner: str
    title: str = ""
    """What a person chose; "": anything."""
    folder: str = ""
    is_pinned: bool = False
    is_deleted: bool = False
    shown: int | None = None
    messages: dict[int, ExpectedMessage] = field(default_factory=dict)

    def add(self, message: ExpectedMessage) -> ExpectedMessage:
        """Add a message, which is then what is shown."""
        self.messages[message.id] = message
        self.shown = message.id
        return message

    def answers(self) -> list[ExpectedMessage]:
        """Return the answers, oldest first."""
        return [one for one in self.messages.values() if one.role == "assistant"]

    def words_of(self, answer: ExpectedMessage) -> str:
        """Return the question of an answer."""
        assert answer.parent is not None
        return self.messages[answer.parent].whole

    def faults(self, kept: KeptChat, tree: Tree) -> Iterator[str]:
        """Yield what is wrong with what is kept of it."""
        if (kept.folder, kept.is_pinned, kept.shown) != (self.folder, self.is_pinned, self.shown):
            yield f"it is {kept}, not {self.folder!r}, {self.is_pinned}, {self.shown}"
        if self.title and kept.title != self.title:
            yield f"it is called {kept.title!r}, not {self.title!r}"
        if set(tree.messages) != set(self.messages):
            yield f"it has the messages {sorted(tree.messages)}, not {sorted(self.messages)}"
        for message in tree.messages.values():
            expected = self.messages.get(message.id)
            if expected is not None and (fault := expected.may_be(message)):
                yield f"message {message.id}: {fault}"
        if kept.is_running != any(one.state == "running" for one in tree.messages.values()):
            yield f"its list says is_running={kept.is_running}"


@dataclass(slots=True, kw_only=True)
class ExpectedChats:
    """All chats of all owners."""

    chats: dict[str, ExpectedChat] = field(default_factory=dict)

    def of(self, owner: str) -> Mapping[str, ExpectedChat]:
        """Return those that an owner sees."""
        return {
            chat.id: chat
            for chat in self.chats.values()
            if chat.owner == owner and not chat.is_deleted
        }

    def unended(self) -> list[ExpectedMessage]:
        """Return the answers that may be running now."""
        answers = [answer for chat in self.chats.values() for answer in chat.answers()]
        return [answer for answer in answers if "running" in answer.ends]

    def may_end(self, state: str, *, must: bool = False) -> None:
        """Let every answer that may be running have ended so; `must`: it runs no more."""
        for answer in self.unended():
            answer.ends = (answer.ends - UNENDED if must else answer.ends) | {state}

    def end(self) -> None:
        """Let nothing run any more."""
        for answer in self.unended():
            answer.ends -= UNENDED
