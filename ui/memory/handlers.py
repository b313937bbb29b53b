"""What happens in the memory sheet: looking, changing the bounds, pinning, sleeping and waking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui.core.callers import caller_of
from ui.core.render import error_html, note_html
from ui.core.request import Update
from ui.core.titles import TITLES
from workers.client import CPU, Budget, Client, PoolStatus
from workers.messages import Modality
from workers.messages.errors import AppError, UnsupportedInputError
from workers.messages.standing import Standing

from .budget import SmallestNeed, check_ram, shown_gb, with_ram, with_room, with_vram
from .layout import MemoryParts
from .view import sheet_html

ACTION = "manage its memory"
FOR_ALL = "Changes take effect at once, for everybody who uses this Quintet, until it stops."
APPLIED_S = 1.5
"""The pool's snapshot has a change within half a second."""

Change = Callable[[Budget, float | None], tuple[Budget, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelState:
    """What one browser tab shows already."""

    rows: str
    refusal: str
    """Why nothing can be changed from there; "": it can."""
    bounds: tuple[float | None, ...]
    """Values of the three widgets."""


class MemoryHandlers:
    """One method per event; holds no state of any browser."""

    def __init__(self, client: Client, parts: MemoryParts) -> None:
        self._client = client
        self._parts = parts

    async def on_look(self, seen: PanelState | None, request: gr.Request) -> Update:
        """Show the present state, as far as this browser tab does not show it already."""
        parts = self._parts
        now = self._state(caller_of(request))
        if now == seen:
            return {parts.said: gr.skip()}
        update: Update = {parts.table: now.rows, parts.seen: now}
        is_same_refusal = seen is not None and seen.refusal == now.refusal
        if not is_same_refusal:
            update[parts.said] = note_html(now.refusal or FOR_ALL)
        if seen is None or not is_same_refusal or seen.bounds != now.bounds:
            update |= self._widgets(now)
        return update

    async def on_room(self, amount_gb: float | None, request: gr.Request) -> Update:
        """Leave more or less to other programs."""
        return await self._allow(with_room, amount_gb, caller_of(request))

    async def on_ram(self, amount_gb: float | None, request: gr.Request) -> Update:
        """Change the budget of RAM; None is no limit."""

        def change(before: Budget, amount_gb: float | None) -> tuple[Budget, str]:
            budget, sentence = with_ram(before, amount_gb)
            if budget.ram_mib is not None and budget != before:
                check_ram(budget.ram_mib, self._smallest())
            return budget, sentence

        return await self._allow(change, amount_gb, caller_of(request))

    async def on_vram(self, amount_gb: float | None, request: gr.Request) -> Update:
        """Change the budget of each graphics card; None is no limit."""
        return await self._allow(with_vram, amount_gb, caller_of(request))

    async def on_act(self, event: gr.EventData, request: gr.Request) -> Update:
        """Do what a row's button asks for."""
        asked = event._data or {}
        caller = caller_of(request)
        try:
            caller.check(ACTION)
            sentence = await self._act(str(asked.get("action")), str(asked.get("worker")))
            said = note_html(sentence)
        except AppError as err:
            said = error_html(err)
        return {**self._shown(caller), self._parts.said: said}

    async def _act(self, action: str, name: str) -> str:
        """Return what was done. Raises: AppError."""
        worker = next((w for w in self._client.status().workers if w.modality == name), None)
        if worker is None:
            raise UnsupportedInputError(f"There is no worker {name!r}.")
        modality, title = worker.modality, TITLES[worker.modality]
        match action:
            case "pin":
                is_pinned = not worker.is_pinned
                self._client.pin(modality, is_pinned=is_pinned)
                await self._until(lambda now: _is_pinned(now, modality) == is_pinned)
                now = "stays awake once it is awake" if is_pinned else "may be put to sleep"
                return f"{title} {now}."
            case "sleep":
                self._client.sleep(modality)
                return f"{title} goes to sleep; the next request wakes it."
            case "wake":
                self._client.warm(modality)
                return f"{title} is woken, if there is room without putting another to sleep."
        raise UnsupportedInputError(f"There is no action {action!r}.")

    async def _allow(self, change: Change, amount_gb: float | None, caller: Standing) -> Update:
        """Set a budget, or say why it cannot be; the widgets show what holds then."""
        said: Any = gr.skip()
        try:
            caller.check(ACTION)
            before = self._client.status().memory.budget
            budget, sentence = await asyncio.to_thread(change, before, amount_gb)
            if budget != before:
                self._client.allow(budget)
                await self._until(lambda now: now.memory.budget == budget)
                said = note_html(sentence)
        except (AppError, OverflowError) as err:
            said = error_html(err)
        return {**self._shown(caller), self._parts.said: said}

    async def _until(self, is_done: Callable[[PoolStatus], bool]) -> None:
        give_up = time.monotonic() + APPLIED_S
        while not is_done(self._client.status()) and time.monotonic() < give_up:
            await asyncio.sleep(0.02)

    def _shown(self, caller: Standing) -> Update:
        """Return the rows, what this browser tab shows with them, and the widgets."""
        now = self._state(caller)
        return {self._parts.table: now.rows, self._parts.seen: now, **self._widgets(now)}

    def _widgets(self, state: PanelState) -> Update:
        is_open = not state.refusal
        updates = (gr.update(value=value, interactive=is_open) for value in state.bounds)
        return dict(zip(self._parts.bounds(), updates, strict=True))

    def _state(self, caller: Standing) -> PanelState:
        status = self._client.status()
        budget = status.memory.budget
        return PanelState(
            rows=sheet_html(status, may_change=caller.is_admin),
            refusal=caller.refusal(ACTION),
            bounds=tuple(map(shown_gb, (budget.leave_room_mib, budget.ram_mib, budget.vram_mib))),
        )

    def _smallest(self) -> SmallestNeed:
        cards = map(self._client.card, self._client.models.modalities)
        plans = [self._client.plan(card) for card in cards]
        least = min(plans, key=lambda plan: plan.placement.need_mib.get(CPU, 0))
        return SmallestNeed(
            page_mib=self._client.status().main_resident_mib,
            model_mib=least.placement.need_mib.get(CPU, 0),
            model=least.name,
        )


def _is_pinned(status: PoolStatus, modality: Modality) -> bool:
    return any(worker.is_pinned for worker in status.workers if worker.modality == modality)
