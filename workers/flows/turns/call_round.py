"""The calls that a model wants at once: each gets leave, runs, and ends in a result, whatever happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from workers.messages.errors import AppError
from workers.tools.arguments import mistake_in, read_arguments
from workers.tools.records import ChatTool, ToolResult

from .calls import CallRecord
from .chat_tools import TurnTools

MAX_CALLS = 16
"""Of one round; more are refused."""
STOPPED = "Stopped before it had ended."
REFUSED = "The user did not allow this call."
NOBODY = "Nobody allowed this call within {minutes:g} minutes."
KEPT_CHARS = 200
"""Of a result, however little room there is."""


class CallRound:
    """One round of calls. `records` are those of `TurnTools.calls` from `first` on."""

    def __init__(
        self, access: TurnTools, tools: Mapping[str, ChatTool], calls: Sequence[CallRecord]
    ) -> None:
        self._access, self._tools = access, tools
        self._first = len(access.calls)
        self._left_chars: float = float("inf")
        access.calls += calls
        self._changed = asyncio.Event()

    @property
    def records(self) -> tuple[CallRecord, ...]:
        """The calls of this round as they stand."""
        return tuple(self._access.calls[self._first :])

    async def run(self, max_chars: float) -> AsyncGenerator[None, None]:
        """Run all calls at once; yields whenever one of them has changed, and ends when all have ended.

        `max_chars`: of all results together. Closing it, or the switch, ends them.
        """
        self._left_chars = max_chars
        places = range(self._first, len(self._access.calls))
        tasks = [asyncio.create_task(self._one(place)) for place in places]
        loop, name = asyncio.get_running_loop(), f"calls-{id(self)}"

        def stop(_: str) -> None:
            for task in tasks:
                loop.call_soon_threadsafe(task.cancel)

        for task in tasks:
            task.add_done_callback(lambda _: self._changed.set())
        self._access.switch.watch(name, stop)
        try:
            yield None
            is_over = False
            while not is_over:
                await self._changed.wait()
                self._changed.clear()
                is_over = all(task.done() for task in tasks)
                yield None
        finally:
            self._access.switch.forget(name)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _change(self, place: int, **changes: Any) -> None:
        self._access.calls[place] = replace(self._access.calls[place], **changes)
        self._changed.set()

    async def _one(self, place: int) -> None:
        try:
            await self._ask_and_run(place)
        except asyncio.CancelledError:
            self._change(place, state="failed", note=STOPPED)
            raise
        except AppError as err:
            self._fail(place, str(err))
        except Exception as err:  # noqa: BLE001 — a tool is somebody else's code
            self._fail(place, f"{type(err).__name__}: {err}")

    async def _ask_and_run(self, place: int) -> None:
        call = self._access.calls[place]
        tool = self._tools.get(call.name)
        if tool is None:
            known = ", ".join(self._tools) or "none"
            return self._fail(place, f"There is no tool {call.name!r}. There are: {known}.")
        if place - self._first >= MAX_CALLS:
            return self._fail(place, f"At most {MAX_CALLS} calls are run at once; call it again.")
        arguments = read_arguments(call.arguments)
        if isinstance(arguments, str):
            return self._fail(place, arguments)
        mistake = mistake_in(arguments, tool.parameters)
        if mistake:
            return self._fail(place, f"The arguments are not right. {mistake}")
        if not await self._has_leave(place, tool):
            return None
        began = time.monotonic()
        try:
            result = await self._access.shared.box.call(tool, arguments)
        finally:
            self._change(place, seconds=round(time.monotonic() - began, 3))
        return self._take(place, result)

    async def _has_leave(self, place: int, tool: ChatTool) -> bool:
        if not tool.asks_first or self._access.consents.is_allowed(tool.id):
            return True
        timeout_s = self._access.shared.settings.consent_timeout_s
        call = self._access.calls[place]
        self._change(place, state="waiting")
        decision = await self._access.consents.wait(call.id, tool.id, timeout_s)
        if decision in ("once", "chat"):
            self._change(place, state="running")
            return True
        note = REFUSED if decision == "no" else NOBODY.format(minutes=round(timeout_s / 60, 2))
        self._change(place, state="refused", result=note, note=note)
        return False

    def _take(self, place: int, result: ToolResult) -> None:
        text, cut = result.text, ""
        room = max(KEPT_CHARS, min(self._left_chars / 2, self._left_chars))
        if len(text) > room:
            shown = int(room)
            cut = f"Cut: {shown:,} of {len(text):,} characters are given to the model."
            text = f"{text[:shown]}\n[{cut}]"
        self._left_chars -= len(text)
        note = " ".join(part for part in (result.note, cut) if part)
        if result.is_error and not note:
            note = text.splitlines()[0][:300] if text else "It failed."
        state = "failed" if result.is_error else "done"
        self._change(place, state=state, result=text, note=note)

    def _fail(self, place: int, sentence: str) -> None:
        self._change(place, state="failed", result=f"Error: {sentence}", note=sentence)
