"""Somebody who does one thing after the other with kept chats, by chance: what is done, and what it means.

Every action is done to the server and to what is expected of it. Which ones come is the seed's choice
alone; how far an answer has come meanwhile is the machine's.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from workers.chats.records import KeptChat
from workers.flows.turns.answer import LiveAnswer
from workers.flows.turns.options import TurnOptions
from workers.flows.turns.turn import Turn

from .expected import ExpectedChat, ExpectedChats, ExpectedMessage, echo
from .server import Server

OWNERS = ("anna", "bert")
OPTIONS = TurnOptions(system="")
WATCHED = 0.8
"""How many answers somebody looks at from their beginning."""
BROKEN = frozenset({"cancelled", "failed", "interrupted"})
WEIGHTS = {
    "send": 30, "stop": 12, "retry": 12, "edit_question": 8, "edit_answer": 6, "go_on": 12, "show": 8,
    "branch": 5, "look": 22, "leave": 10, "delete": 5, "restore": 5, "rename": 4, "pin": 3, "move": 3,
    "wait": 24, "kill_worker": 5, "close": 2, "fall": 3,
}  # fmt: skip


class Actor:
    """Two people with some tabs."""

    def __init__(self, server: Server, seed: int) -> None:
        self._server = server
        self._chance = random.Random(seed)
        self._count = 0
        self.expected = ExpectedChats()
        self._tabs: list[asyncio.Task[None]] = []
        self.done: list[str] = []
        """The names of what was done, for who reads a failure."""

    async def act(self) -> None:
        """Do something."""
        name = self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        self.done.append(name)
        await getattr(self, name)()
        await asyncio.sleep(self._chance.choice((0, 0, 0.01, 0.05)))

    async def rest(self) -> None:
        """Let everything that is under way end."""
        for chat in list(self.expected.chats.values()):
            for turn in self._server.runner.of_chat(chat.id):
                await turn.wait()
        await self._close_tabs()
        self.expected.end()

    # --- in a chat ---

    async def send(self) -> None:
        owner = self._chance.choice(OWNERS)
        chat = self._some_chat(owner)
        if chat is None or (self._chance.random() < 0.15 and len(self.expected.chats) < 12):
            kept = self._server.of(owner).create()
            chat = self.expected.chats[kept.id] = ExpectedChat(id=kept.id, owner=owner)
        before, parent = None, chat.shown
        if parent is not None and chat.messages[parent].role == "user":
            parent = chat.messages[parent].parent
        elif parent is not None:
            before = self._server.runner.of_message(chat.id, parent)
        self._ask(chat, parent, before)

    async def retry(self) -> None:
        if found := self._some_answer():
            chat, answer = found
            assert answer.parent is not None
            self._answer(chat, answer.parent)

    async def edit_question(self) -> None:
        if found := self._some_answer():
            chat, answer = found
            assert answer.parent is not None
            self._ask(chat, chat.messages[answer.parent].parent)

    async def edit_answer(self) -> None:
        if found := self._some_answer():
            chat, answer = found
            text = f"changed {self._name()}"
            new = self._server.of(chat.owner).add_answer(chat.id, answer.parent, text)
            one = ExpectedMessage(id=new, parent=answer.parent, role="assistant", whole=text)
            chat.add(one).ends = frozenset({"stop"})

    async def go_on(self) -> None:
        if not (found := self._some_answer()):
            return
        chat, answer = found
        own, runner = self._server.of(chat.owner), self._server.runner
        kept = own.message(answer.id)
        if kept.state not in BROKEN or runner.of_message(chat.id, answer.id) is not None:
            return
        answer.whole = kept.text + echo(kept.text or chat.words_of(answer))
        answer.ends = frozenset({"running", "stop"})
        self._open_tab(runner.go_on(own, chat.id, answer.id, OPTIONS))

    async def stop(self) -> None:
        if running := self._running():
            turn = self._chance.choice(running)
            turn.stop()
            answer = self.expected.chats[turn.chat].messages[turn.answer.message.id]
            answer.ends |= {"cancelled"}

    async def show(self) -> None:
        if chat := self._some_chat():
            if not chat.messages:
                return
            message = self._chance.choice(list(chat.messages))
            own = self._server.of(chat.owner)
            end = own.tree(chat.id).end_below(message)
            own.show(chat.id, end)
            chat.shown = end

    async def branch(self) -> None:
        """Begin a new chat with a part of another, as it is at this moment."""
        if not (found := self._some_answer()):
            return
        chat, answer = found
        own = self._server.of(chat.owner)
        path = own.tree(chat.id).path(answer.id)
        like = KeptChat(id="", title=self._name(), titled_by="person", shown=answer.id)
        kept = own.take_in(like, path)
        new = ExpectedChat(id=kept.id, owner=chat.owner, title=like.title)
        self.expected.chats[kept.id] = new
        ids: dict[int | None, int] = {}
        for old, copied in zip(path, own.tree(kept.id).path(kept.shown), strict=True):
            ids[old.id] = copied.id
            parent = ids.get(old.parent)
            one = ExpectedMessage(id=copied.id, parent=parent, role=old.role, whole=old.text)
            state = "interrupted" if old.state == "running" else old.state
            new.add(one).ends = frozenset({state})
            one.shown = old.text

    # --- tabs ---

    async def look(self) -> None:
        """Open a tab where something is written, and follow it."""
        if running := self._running():
            self._open_tab(self._chance.choice(running))

    async def leave(self) -> None:
        if self._tabs:
            await self._close(self._tabs.pop(self._chance.randrange(len(self._tabs))))

    def _open_tab(self, turn: Turn) -> None:
        chat = self.expected.chats[turn.chat]
        self._tabs.append(asyncio.create_task(self._follow(chat, turn)))

    async def _follow(self, chat: ExpectedChat, turn: Turn) -> None:
        events: AsyncGenerator[LiveAnswer, None] = turn.follow()
        async with aclosing(events):
            async for answer in events:
                expected = chat.messages[answer.message.id]
                text = answer.message.text
                is_more = text.startswith(expected.shown) or expected.shown.startswith(text)
                assert is_more, f"{text!r} was shown after {expected.shown!r}"
                if not answer.not_kept:
                    expected.shown = max(expected.shown, text, key=len)

    async def _close_tabs(self) -> None:
        while self._tabs:
            await self._close(self._tabs.pop())

    async def _close(self, tab: asyncio.Task[None]) -> None:
        if not tab.done():
            tab.cancel()
        with suppress(asyncio.CancelledError):
            await tab

    async def wait(self) -> None:
        await asyncio.sleep(self._chance.random() * 0.2)

    # --- the list ---

    async def delete(self) -> None:
        if chat := self._some_chat():
            self._server.of(chat.owner).delete(chat.id)
            chat.is_deleted = True

    async def restore(self) -> None:
        gone = [chat for chat in self.expected.chats.values() if chat.is_deleted]
        if gone:
            chat = self._chance.choice(gone)
            self._server.of(chat.owner).restore(chat.id)
            chat.is_deleted = False

    async def rename(self) -> None:
        if chat := self._some_chat():
            chat.title = self._name()
            self._server.of(chat.owner).rename(chat.id, chat.title)

    async def pin(self) -> None:
        if chat := self._some_chat():
            chat.is_pinned = not chat.is_pinned
            self._server.of(chat.owner).pin(chat.id, is_pinned=chat.is_pinned)

    async def move(self) -> None:
        if chat := self._some_chat():
            chat.folder = self._chance.choice(("", "work", "home"))
            self._server.of(chat.owner).move(chat.id, chat.folder)

    # --- what happens to the server ---

    async def kill_worker(self) -> None:
        self.expected.may_end("failed")
        await self._server.kill_worker()

    async def close(self) -> None:
        self.expected.may_end("interrupted", must=True)
        await self._server.close()
        await self._close_tabs()
        self._server.open()

    async def fall(self) -> None:
        self.expected.may_end("interrupted", must=True)
        await self._server.fall()
        await self._close_tabs()
        self._server.open()

    # --- within ---

    def _ask(self, chat: ExpectedChat, parent: int | None, before: Turn | None = None) -> None:
        num_words = self._chance.choice((1, 5, 60, 150))
        pace = self._chance.choice(("quick", "slow", "slow"))
        text = " ".join([pace, self._name(), *(f"w{number}" for number in range(num_words))])
        question = self._server.of(chat.owner).add_question(chat.id, parent, text)
        one = ExpectedMessage(id=question, parent=parent, role="user", whole=text)
        chat.add(one).ends = frozenset({"stop"})
        self._answer(chat, question, before)

    def _answer(self, chat: ExpectedChat, question: int, before: Turn | None = None) -> None:
        own, runner = self._server.of(chat.owner), self._server.runner
        turn = runner.answer(own, chat.id, question, OPTIONS, after=before)
        whole = echo(chat.messages[question].whole)
        answer = turn.answer.message.id
        chat.add(ExpectedMessage(id=answer, parent=question, role="assistant", whole=whole))
        if self._chance.random() < WATCHED:
            self._open_tab(turn)

    def _running(self) -> list[Turn]:
        chats = self.expected.chats
        return [turn for chat in chats for turn in self._server.runner.of_chat(chat)]

    def _name(self) -> str:
        """Return a word that nothing else has."""
        self._count += 1
        return f"x{self._count:04}x"

    def _some_chat(self, owner: str = "") -> ExpectedChat | None:
        chats = self.expected.of(owner or self._chance.choice(OWNERS))
        return self._chance.choice(list(chats.values())) if chats else None

    def _some_answer(self) -> tuple[ExpectedChat, ExpectedMessage] | None:
        chat = self._some_chat()
        answers = chat.answers() if chat is not None else []
        return (chat, self._chance.choice(answers[-4:])) if chat is not None and answers else None
