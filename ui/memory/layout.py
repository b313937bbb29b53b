"""The look of the Memory panel: three bounds above a row for each worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui.core.theme import ASSETS
from workers.client import CPU, PoolStatus

NO_LIMIT = "no limit"
STEP_MIB = 128


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
    """Draw everything, closed. Its fields open to an admin at his first look."""
    with gr.Column(elem_id="memory"):
        with gr.Row(elem_id="memory-bounds"):
            bounds = _layout_bounds(status)
        return MemoryParts(
            **bounds,
            said=gr.HTML("", padding=False, elem_id="memory-said"),
            table=gr.HTML(
                "",
                html_template='<div class="q-memory-panel"></div>',
                js_on_load=(ASSETS / "memory.js").read_text(encoding="utf-8"),
                padding=False,
                elem_id="memory-workers",
            ),
            seen=gr.State(None),
        )


def _layout_bounds(status: PoolStatus) -> dict[str, Any]:
    """The slider and the two budgets; that of graphics cards is hidden where there is none."""
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
    return {"room": room, "ram": ram, "vram": vram}


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
