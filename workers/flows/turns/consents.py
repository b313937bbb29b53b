"""Leave for tool calls: a call waits for somebody to say yes or no, wherever that is said."""

from __future__ import annotations

import asyncio

from workers.messages.errors import NotFoundError

from .calls import Decision


class Consents:
    """What one answer may call, and what of it waits. Lives on one event loop."""

    def __init__(self, allowed: tuple[str, ...] = ()) -> None:
        """`allowed`: ids of tools that this chat has leave for."""
        self._allowed = set(allowed)
        self._waiting: dict[str, tuple[str, asyncio.Future[Decision]]] = {}
        """By call: the tool, and who waits."""

    def is_allowed(self, tool: str) -> bool:
        """Whether a tool may run without asking again."""
        return tool in self._allowed

    def is_waiting(self, call: str) -> bool:
        """Whether a call still waits for a decision."""
        return call in self._waiting and not self._waiting[call][1].done()

    async def wait(self, call: str, tool: str, timeout_s: float) -> Decision | None:
        """Return what somebody decides; None if nobody does in time."""
        future: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._waiting[call] = tool, future
        try:
            return await asyncio.wait_for(future, timeout_s)
        except (asyncio.TimeoutError, TimeoutError):
            return None
        finally:
            self._waiting.pop(call, None)

    def decide(self, call: str, decision: Decision) -> str:
        """Decide on a call; returns the tool's id. With "chat", others of the same tool go on too.

        Raises: NotFoundError if the call waits for nothing.
        """
        if call not in self._waiting:
            raise NotFoundError("This call waits for nothing any more.", "Ask again.")
        tool, _ = self._waiting[call]
        if decision == "chat":
            self._allowed.add(tool)
        for name, (other, future) in self._waiting.items():
            if (name == call or (decision == "chat" and other == tool)) and not future.done():
                future.set_result(decision)
        return tool
