"""The memory sheet, opened from the head: how much may be taken, who stays, prediction and measurement."""

from __future__ import annotations

import gradio as gr

from ui.core.events import LIGHT
from workers.client import Client

from .handlers import MemoryHandlers
from .layout import layout_memory


def build_memory_panel(client: Client) -> None:
    """Lay out the panel and wire it."""
    parts = layout_memory(client.status())
    handlers = MemoryHandlers(client, parts)
    change = {"outputs": parts.outputs(), **LIGHT}
    parts.table.look(handlers.on_look, parts.seen, **change)
    parts.table.act(handlers.on_act, None, **change)
    gr.on([parts.room.submit, parts.room.blur], handlers.on_room, parts.room, **change)
    gr.on([parts.ram.submit, parts.ram.blur], handlers.on_ram, parts.ram, **change)
    gr.on([parts.vram.submit, parts.vram.blur], handlers.on_vram, parts.vram, **change)
