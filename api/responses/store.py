"""Responses that may be continued by their id: the last few, in memory, gone with the process."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from workers.messages import ChatMessage
from workers.messages.errors import NotFoundError

MAX_RESPONSES = 500


@dataclass(frozen=True, slots=True)
class Stored:
    """A finished response and the conversation that it closes."""

    response: dict[str, Any]
    conversation: tuple[ChatMessage, ...]


class ResponseStore:
    """Keeps the most recent responses; an id is unguessable and is the only key to one."""

    def __init__(self) -> None:
        self._stored: OrderedDict[str, Stored] = OrderedDict()

    def add(self, stored: Stored) -> None:
        """Keep a response; the oldest gives way."""
        self._stored[stored.response["id"]] = stored
        if len(self._stored) > MAX_RESPONSES:
            self._stored.popitem(last=False)

    def get(self, response_id: str) -> Stored:
        """Return a response. Raises: NotFoundError."""
        if response_id not in self._stored:
            raise NotFoundError(
                f"No response is called {response_id!r}.",
                f"The last {MAX_RESPONSES} are kept until Quintet stops; others must be sent whole.",
            )
        return self._stored[response_id]

    def remove(self, response_id: str) -> None:
        """Forget a response. Raises: NotFoundError."""
        self.get(response_id)
        del self._stored[response_id]
