"""The look of the memory sheet: a row for each worker, three bounds below them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui.core.theme import ASSETS
from workers.client import CPU, PoolStatus

from .budget import shown_gb
from .view import SHEET

NO_LIMIT = "no limit"
STEP_GB = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryParts:
    """The panel's components."""

    room: Any
    ram: Any
    vram: Any
    said: Any
    table: Any
    seen: Any
    """What this browser tab shows already."""

    def outputs(self) -> list[Any]:
        """Everything that a handler may change."""
        return [self.said, self.table, self.seen, *self.bounds()]

    def bounds(self) -> tuple[Any, Any, Any]:
        """The three widgets."""
        return self.room, self.ram, self.vram


def layout_memory(status: PoolStatus) -> MemoryParts:
    """Draw everything, hidden until the head's memory line opens it.

    Its fields open to an admin at his first look.
    """
    with gr.Column(elem_id="memory"):
        table = gr.HTML(
            "",
            html_template=SHEET,
            js_on_load=(ASSETS / "memory.js").read_text(encoding="utf-8"),
            container=False,
            padding=False,
            elem_id="memory-workers",
        )
        with gr.Row(elem_id="memory-bounds"):
            bounds = _layout_bounds(status)
        said = gr.HTML("", container=False, padding=False, elem_id="memory-said")
    return MemoryParts(**bounds, said=said, table=table, seen=gr.State(None))


def _layout_bounds(status: PoolStatus) -> dict[str, Any]:
    """Three amounts; that of graphics cards is hidden where there is none."""
    budget, devices = status.memory.budget, status.memory.devices
    vram = _number("Of each graphics card at most (GB)", budget.vram_mib, "memory-vram")
    vram.visible = any(device.device != CPU for device in devices)
    return {
        "room": _number("Leave for other programs (GB)", budget.leave_room_mib, "memory-room"),
        "ram": _number("Quintet may use at most (GB)", budget.ram_mib, "memory-ram"),
        "vram": vram,
    }


def _number(label: str, mib: int | None, elem_id: str) -> gr.Number:
    return gr.Number(
        shown_gb(mib),
        label=label,
        placeholder=NO_LIMIT,
        step=STEP_GB,
        interactive=False,
        min_width=160,
        elem_id=elem_id,
    )
