"""A chat of the library that calls tools of this machine: the loop, and the caller's callbacks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from workers.client import Client, StopSwitch
from workers.flows.turns.calling import CallingModel
from workers.flows.turns.calls import OPEN, Decision
from workers.flows.turns.chat_tools import TurnTools, chat_tools
from workers.flows.turns.consents import Consents
from workers.flows.turns.events import Noted
from workers.messages import Event, Generate, Request
from workers.messages.errors import UnsupportedInputError

from .library_call import Flow
from .options import TalkOptions

Watch = Callable[[Event], object]
OnCall = Callable[[Mapping[str, Any]], object]


def with_tools(
    client: Client, request: Generate, options: TalkOptions
) -> tuple[Request | Flow, Watch]:
    """Return what to ask, and what to tell of each event; without `run_tools` the request itself.

    Raises: UnsupportedInputError if `tools` and `run_tools` are mixed.
    """
    names = tuple(options.get("run_tools", ()))
    if not names:
        return request, lambda event: None
    if request.tools:
        raise UnsupportedInputError(
            "tools and run_tools cannot be mixed.",
            "tools are called by you, run_tools here: choose one of them.",
        )
    shared = chat_tools(client, client.manager.settings)
    access = TurnTools(shared=shared, consents=Consents(), switch=StopSwitch())

    async def source(client: Client) -> AsyncGenerator[Event, None]:
        model = CallingModel(client, access, names, request, request.constraint)
        try:
            async with aclosing(model.answer()) as events:
                async for event in events:
                    yield event
        finally:
            await shared.box.close()

    return source, _Watcher(access.consents, options.get("allow"), options.get("on_call")).see


class _Watcher:
    """Asks for leave where a call waits for it, and tells of those that have ended."""

    def __init__(
        self,
        consents: Consents,
        allow: Callable[[Mapping[str, Any]], Decision] | None,
        on_call: OnCall | None,
    ) -> None:
        self._consents, self._allow, self._on_call = consents, allow, on_call
        self._asked: set[str] = set()
        self._ended: set[str] = set()

    def see(self, event: Event) -> None:
        """Look through the calls that an event notes."""
        if not isinstance(event, Noted):
            return
        for call in event.details.get("calls", ()):
            if call["state"] == "waiting" and call["id"] not in self._asked:
                self._asked.add(call["id"])
                self._decide(call)
            elif call["state"] not in OPEN and call["id"] not in self._ended:
                self._ended.add(call["id"])
                if self._on_call is not None:
                    self._on_call(call)

    def _decide(self, call: Mapping[str, Any]) -> None:
        if self._consents.is_waiting(call["id"]):  # or leave for the chat came with another's
            self._consents.decide(call["id"], self._allow(call) if self._allow else "no")
