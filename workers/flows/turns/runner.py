"""All answers that are being written: they go on whoever leaves, and are found by their chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress

from workers.chats.own_chats import OwnChats
from workers.client import Client, StopSwitch
from workers.messages import Event, Finished
from workers.messages.errors import AppError, NotFoundError, UnsupportedInputError

from .answer import begun
from .ask import TurnAsk
from .calls import Decision
from .chat_tools import ChatTools, TurnTools
from .consents import Consents
from .options import TurnOptions, options_of, settings_of
from .titling import gives_titles, title_of
from .turn import Turn
from .waiting import after
from .ways import way_of

log = logging.getLogger("quintet.turns")


class TurnRunner:
    """Lives on the event loop of the server."""

    def __init__(self, client: Client, tools: ChatTools | None = None) -> None:
        """`tools`: those that models may call; None: none."""
        self._client = client
        self.tools = tools
        self._consents: dict[Turn, Consents] = {}
        self._turns: dict[tuple[str, int], Turn] = {}
        """By chat and message: the ids of messages are those of one store."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._titling = StopSwitch()
        """Stops titles that are being thought of: an answer is waited for, a title is not."""

    def answer(
        self,
        own: OwnChats,
        chat: str,
        question: int,
        options: TurnOptions,
        after: Turn | None = None,
    ) -> Turn:
        """Begin to answer a question of a chat: one version more. Raises: AppError.

        `after`: the answer that the question follows, if it is still being written; this one waits for it.
        """
        way_of(options)
        card = options.model or self._client.card("text").id
        message = own.begin_answer(chat, question, {"model": card})
        return self._begin(own, chat, message, question, options, after)

    def go_on(self, own: OwnChats, chat: str, answer: int, options: TurnOptions) -> Turn:
        """Go on with an answer that broke off. Raises: AppError; UnsupportedInputError if it runs."""
        if self.of_message(chat, answer) is not None:
            raise UnsupportedInputError("This answer is being written already.")
        way_of(options)
        own.go_on(answer)
        return self._begin(own, chat, answer, answer, options)

    def of_chat(self, chat: str) -> tuple[Turn, ...]:
        """Return the answers that are being written in a chat, oldest first."""
        return tuple(turn for turn in self.shown_in(chat) if turn.answer.is_running)

    def shown_in(self, chat: str) -> tuple[Turn, ...]:
        """Return the answers of a chat that its store does not have as they are, oldest first.

        They are being written, or have ended and could not be kept yet.
        """
        return tuple(turn for turn in self._turns.values() if turn.chat == chat)

    def of_message(self, chat: str, message: int) -> Turn | None:
        """Return an answer of a chat, if it is being written."""
        turn = self._turns.get((chat, message))
        return turn if turn is not None and turn.answer.is_running else None

    def decide(self, own: OwnChats, chat: str, message: int, call: str, decision: Decision) -> None:
        """Say whether a call of an answer, which waits for that, may run; "chat": and later ones of its tool.

        Raises: NotFoundError if it waits no more; AppError.
        """
        kept, turn = own.get(chat), self.of_message(chat, message)
        if turn is None or turn not in self._consents:
            raise NotFoundError("This answer is not being written any more.", "Ask again.")
        tool = self._consents[turn].decide(call, decision)
        if decision == "chat":
            options = options_of(kept.settings)
            allowed = tuple(dict.fromkeys([*options.allowed_tools, tool]))
            own.set_settings(
                chat, settings_of(options.model_copy(update={"allowed_tools": allowed}))
            )

    async def close(self) -> None:
        """End all; what has come is kept, and no title is thought of any more."""
        self._is_closed = True
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.tools is not None:
            await self.tools.box.close()

    def _begin(
        self,
        own: OwnChats,
        chat: str,
        message: int,
        end: int,
        options: TurnOptions,
        before: Turn | None = None,
    ) -> Turn:
        self._titling.press()
        turn = Turn(own, chat, begun(own.message(message)))
        self._turns[chat, message] = turn
        task = turn.begin(self._events(turn, end, options, before))
        self._note_task(task)
        task.add_done_callback(lambda _: self._end(turn, options))
        return turn

    async def _events(
        self, turn: Turn, end: int, options: TurnOptions, before: Turn | None
    ) -> AsyncGenerator[Event, None]:
        """Yield what the chosen way makes of the path, which is whole once the turn before has ended."""
        if before is not None:
            async for event in after(before, turn):
                yield event
                if isinstance(event, Finished):
                    return
        path = turn.own.path(end)  # also of a chat that was deleted meanwhile: it may come back
        ask = TurnAsk(
            path=path,
            options=options,
            tools=self._tools_of(turn, options),
            files=turn.own.files,
        )
        client = self._client.stopped_by(turn.switch)
        async with aclosing(way_of(options)(client, ask)) as events:
            async for event in events:
                yield event

    def _tools_of(self, turn: Turn, options: TurnOptions) -> TurnTools | None:
        """Return what an answer may call, with the leave that its chat has."""
        if self.tools is None:
            return None
        allowed: Sequence[str] = ()
        with suppress(NotFoundError):  # it was deleted meanwhile, and may come back
            allowed = options_of(turn.own.get(turn.chat).settings).allowed_tools
        consents = Consents((*options.allowed_tools, *allowed))
        self._consents[turn] = consents
        return TurnTools(shared=self.tools, consents=consents, switch=turn.switch)

    def _end(self, turn: Turn, options: TurnOptions) -> None:
        self._consents.pop(turn, None)
        if turn.answer.not_kept:
            task = asyncio.ensure_future(turn.keep_trying())
            self._note_task(task)
            task.add_done_callback(lambda _: self._forget(turn))
        else:
            self._forget(turn)
        has_ended = turn.answer.message.state in ("stop", "length")
        if has_ended and not self._is_closed and not self.of_chat(turn.chat):
            self._note_task(asyncio.ensure_future(self._give_title(turn, options)))

    def _forget(self, turn: Turn) -> None:
        key = turn.chat, turn.answer.message.id
        if self._turns.get(key) is turn:  # or the answer is gone on with already
            del self._turns[key]

    def _note_task(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _give_title(self, turn: Turn, options: TurnOptions) -> None:
        """Let the model name a chat after its first answer; a remote one is not paid for that."""
        try:
            chat = turn.own.get(turn.chat)
            path = turn.own.tree(turn.chat).path(turn.answer.message.id)
            card = self._client.models.get(options.model or self._client.card("text").id, "text")
            if len(path) != 2 or chat.titled_by != "question" or not gives_titles(card):
                return
            self._titling = switch = StopSwitch()
            title = await title_of(self._client.stopped_by(switch), options.model, path)
            if title:
                turn.own.rename(turn.chat, title, by="model")
        except AppError as err:  # deleted meanwhile, or the disk is full: the question is its title
            log.info("a chat keeps its question as its title: %s", err)
