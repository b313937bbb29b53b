"""All answers that are being written: they go on whoever leaves, and are found by their chat."""

from __future__ import annotations

import asyncio

from workers.chats.own_chats import OwnChats
from workers.client import Client
from workers.messages.errors import UnsupportedInputError

from .answer import begun
from .ask import TurnAsk
from .options import TurnOptions
from .turn import Turn
from .ways import way_of


class TurnRunner:
    """Lives on the event loop of the server."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._turns: dict[tuple[str, int], Turn] = {}
        """By chat and message: the ids of messages are those of one store."""
        self._tasks: set[asyncio.Task[None]] = set()

    def answer(self, own: OwnChats, chat: str, question: int, options: TurnOptions) -> Turn:
        """Begin to answer a question of a chat: one version more. Raises: AppError."""
        way_of(options)
        card = options.model or self._client.card("text").id
        message = own.begin_answer(chat, question, {"model": card})
        return self._begin(own, chat, message, question, options)

    def go_on(self, own: OwnChats, chat: str, answer: int, options: TurnOptions) -> Turn:
        """Go on with an answer that broke off. Raises: AppError; UnsupportedInputError if it runs."""
        if self.of_message(chat, answer) is not None:
            raise UnsupportedInputError("This answer is being written already.")
        way_of(options)
        own.go_on(answer)
        return self._begin(own, chat, answer, answer, options)

    def of_chat(self, chat: str) -> tuple[Turn, ...]:
        """Return the answers that are being written in a chat, oldest first."""
        turns = (turn for turn in self._turns.values() if turn.chat == chat)
        return tuple(turn for turn in turns if turn.answer.is_running)

    def of_message(self, chat: str, message: int) -> Turn | None:
        """Return an answer of a chat, if it is being written."""
        turn = self._turns.get((chat, message))
        return turn if turn is not None and turn.answer.is_running else None

    async def close(self) -> None:
        """End all; what has come is kept."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(
        self, own: OwnChats, chat: str, message: int, end: int, options: TurnOptions
    ) -> Turn:
        tree = own.tree(chat)
        turn = Turn(own, chat, begun(tree.messages[message]))
        ask = TurnAsk(path=tree.path(end), options=options)
        client = self._client.stopped_by(turn.switch)
        self._turns[chat, message] = turn
        task = turn.begin(way_of(options)(client, ask))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._forget(turn, done))
        return turn

    def _forget(self, turn: Turn, task: asyncio.Task[None]) -> None:
        key = turn.chat, turn.answer.message.id
        if self._turns.get(key) is turn:  # or the answer is gone on with already
            del self._turns[key]
        self._tasks.discard(task)
