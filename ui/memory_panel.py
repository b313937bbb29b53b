"""The Memory panel under the strip: how much may be taken, who stays, prediction and measurement."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from workers.client import CPU, Budget, Client, PoolStatus
from workers.messages import Modality
from workers.messages.errors import AppError, UnsupportedInputError
from workers.messages.standing import Standing

from .callers import caller_of
from .memory_view import workers_html
from .render import error_html, note_html
from .theme import ASSETS
from .titles import TITLES

ACTION = "manage its memory"
FOR_ALL = "What is changed here holds at once, for everybody who uses this Quintet, until it ends."
NO_LIMIT = "no limit"
STEP_MIB = 128
APPLIED_S = 1.5
"""The pool's snapshot has a change within half a second."""
_LIGHT = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def build_memory_panel(client: Client) -> None:
    """Lay the panel out and wire it. Its fields open to an admin at his first look."""
    handlers = _Handlers(client)
    with gr.Accordion("Memory: limits, pins and measurements", open=False, elem_id="memory"):
        with gr.Row(elem_id="memory-bounds"):
            room, ram, vram = _lay_out_bounds(client.status())
        said = gr.HTML("", padding=False, elem_id="memory-said")
        table = gr.HTML(
            "",
            html_template='<div class="q-memory-panel"></div>',
            js_on_load=(ASSETS / "memory.js").read_text(encoding="utf-8"),
            padding=False,
            elem_id="memory-workers",
        )
    seen = gr.State(None)
    shown = [said, table, seen, room, ram, vram]
    table.look(handlers.on_look, seen, shown, **_LIGHT)
    table.act(handlers.on_act, None, shown, **_LIGHT)
    room.input(handlers.on_room, room, shown, trigger_mode="always_last", **_LIGHT)
    gr.on([ram.submit, ram.blur], handlers.on_ram, ram, shown, **_LIGHT)
    gr.on([vram.submit, vram.blur], handlers.on_vram, vram, shown, **_LIGHT)


def _lay_out_bounds(status: PoolStatus) -> tuple[gr.Slider, gr.Number, gr.Number]:
    """Return the slider and the two budgets; that of graphics cards is hidden where there is none."""
    budget, devices = status.memory.budget, status.memory.devices
    total_mib = max((device.total_mib for device in devices), default=0)
    room = gr.Slider(
        0,
        max(total_mib // 2 // STEP_MIB * STEP_MIB, budget.leave_room_mib, STEP_MIB),
        budget.leave_room_mib,
        step=STEP_MIB,
        label="Leave room for other programs (MiB)",
        interactive=False,
        buttons=[],
        min_width=240,
        elem_id="memory-room",
    )
    ram = _number("RAM for all together (MiB)", budget.ram_mib, "memory-ram")
    vram = _number("On each graphics card (MiB)", budget.vram_mib, "memory-vram")
    vram.visible = any(device.device != CPU for device in devices)
    return room, ram, vram


def _number(label: str, value: int | None, elem_id: str) -> gr.Number:
    return gr.Number(
        value,
        label=label,
        placeholder=NO_LIMIT,
        precision=0,
        interactive=False,
        min_width=160,
        elem_id=elem_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What one browser tab has been told."""

    rows: str
    refusal: str
    """Why nothing can be changed from there; "": it can."""
    bounds: tuple[int | None, ...]
    """Values of the three widgets."""

    def widgets(self) -> tuple[Any, ...]:
        """Return the widgets' updates."""
        is_open = not self.refusal
        return tuple(gr.update(value=value, interactive=is_open) for value in self.bounds)


class _Handlers:
    """What happens in the panel; holds no state of any browser.

    Each returns the line, the rows, what this browser has been told, and the three widgets' values.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def on_look(self, seen: _Told | None, request: gr.Request) -> tuple[Any, ...]:
        """Show how it stands, as far as this browser does not show it already."""
        told = self._told(caller_of(request))
        if told == seen:
            return (gr.skip(),) * 6
        is_same_refusal = seen is not None and seen.refusal == told.refusal
        said = gr.skip() if is_same_refusal else note_html(told.refusal or FOR_ALL)
        is_same_budget = seen is not None and is_same_refusal and seen.bounds == told.bounds
        return (said, told.rows, told, *((gr.skip(),) * 3 if is_same_budget else told.widgets()))

    async def on_room(self, mib: float | None, request: gr.Request) -> tuple[Any, ...]:
        """Leave more or less to other programs. The slider stays where the hand has it."""

        def change(budget: Budget) -> tuple[Budget, str]:
            room_mib = int(mib or 0)
            sentence = f"Of every device, {room_mib:,} MiB stay free for other programs."
            return replace(budget, leave_room_mib=room_mib), sentence

        said, table, told, _room, *numbers = await self._allow(change, caller_of(request))
        return said, table, told, gr.skip(), *numbers

    async def on_ram(self, mib: float | None, request: gr.Request) -> tuple[Any, ...]:
        """Change the budget of RAM; None is no limit."""

        def change(budget: Budget) -> tuple[Budget, str]:
            ram_mib = None if mib is None else int(mib)
            if ram_mib is not None and ram_mib != budget.ram_mib:
                check_ram(ram_mib, *self._smallest())
            sentence = (
                "RAM has no limit now but what the machine has free."
                if ram_mib is None
                else f"All processes together may hold {ram_mib:,} MiB of RAM now."
            )
            return replace(budget, ram_mib=ram_mib), sentence

        return await self._allow(change, caller_of(request))

    async def on_vram(self, mib: float | None, request: gr.Request) -> tuple[Any, ...]:
        """Change the budget of each graphics card; None is no limit."""

        def change(budget: Budget) -> tuple[Budget, str]:
            if mib is not None and mib < 0:
                raise UnsupportedInputError("A budget is 0 MiB or more; empty is no limit.")
            sentence = (
                "Graphics memory has no limit now but what is free."
                if mib is None
                else f"Of each graphics card, {int(mib):,} MiB may be held now."
            )
            return replace(budget, vram_mib=None if mib is None else int(mib)), sentence

        return await self._allow(change, caller_of(request))

    async def on_act(self, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Do what a row's button asks for."""
        asked = event._data or {}
        caller = caller_of(request)
        try:
            caller.check(ACTION)
            sentence = await self._act(str(asked.get("action")), str(asked.get("worker")))
            said = note_html(sentence)
        except AppError as err:
            said = error_html(err)
        told = self._told(caller)
        return said, told.rows, told, *told.widgets()

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
                await self._until(lambda now: self._is_pinned(now, modality) == is_pinned)
                return f"{title} {'stays in memory once it is awake' if is_pinned else 'may be put to sleep'}."
            case "sleep":
                self._client.sleep(modality)
                return f"{title} goes to sleep; the next request wakes it."
            case "wake":
                self._client.warm(modality)
                return f"{title} is woken, if there is room without putting another to sleep."
        raise UnsupportedInputError(f"There is no action {action!r}.")

    async def _allow(
        self, change: Callable[[Budget], tuple[Budget, str]], caller: Standing
    ) -> tuple[Any, ...]:
        """Set a budget, or say why it cannot be; the widgets show what holds then."""
        said: Any = gr.skip()
        try:
            caller.check(ACTION)
            before = self._client.status().memory.budget
            budget, sentence = await asyncio.to_thread(change, before)
            if budget != before:
                self._client.allow(budget)
                await self._until(lambda now: now.memory.budget == budget)
                said = note_html(sentence)
        except (AppError, OverflowError) as err:
            said = error_html(err)
        told = self._told(caller)
        return said, told.rows, told, *told.widgets()

    async def _until(self, is_done: Callable[[PoolStatus], bool]) -> None:
        give_up = time.monotonic() + APPLIED_S
        while not is_done(self._client.status()) and time.monotonic() < give_up:
            await asyncio.sleep(0.02)

    def _told(self, caller: Standing) -> _Told:
        status = self._client.status()
        budget = status.memory.budget
        return _Told(
            rows=workers_html(status, may_change=caller.is_admin),
            refusal=caller.refusal(ACTION),
            bounds=(budget.leave_room_mib, budget.ram_mib, budget.vram_mib),
        )

    def _smallest(self) -> tuple[int, int, str]:
        """Return what the page holds, and what the smallest default model needs, with its name."""
        cards = map(self._client.card, self._client.models.modalities)
        plans = [self._client.plan(card) for card in cards]
        least = min(plans, key=lambda plan: plan.placement.need_mib.get(CPU, 0))
        need_mib = least.placement.need_mib.get(CPU, 0)
        return self._client.status().main_resident_mib, need_mib, least.name

    @staticmethod
    def _is_pinned(status: PoolStatus, modality: Modality) -> bool:
        return any(w.is_pinned for w in status.workers if w.modality == modality)


def check_ram(ram_mib: int, page_mib: int, need_mib: int, smallest: str) -> None:
    """Refuse a budget under which nothing could run. Raises: UnsupportedInputError."""
    least_mib = page_mib + need_mib
    if ram_mib < least_mib:
        raise UnsupportedInputError(
            f"{ram_mib:,} MiB are too few: the page itself holds {page_mib:,}, and the smallest "
            f"model in use, {smallest}, needs {need_mib:,} more.",
            f"Allow at least {least_mib:,} MiB, or leave the field empty for no limit.",
        )
