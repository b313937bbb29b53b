"""The line of the first minutes: what answers now, and the best set for this machine."""

from __future__ import annotations

import gradio as gr

from ui.core.events import LIGHT, QUIET
from ui.core.theme import ASSETS
from workers.client import Client

from .handlers import SetupHandlers


def build_setup_line(client: Client) -> None:
    """Lay out the line and wire it; its script asks for it while the page is seen."""
    handlers = SetupHandlers(client.setup)
    line = gr.HTML(
        "",
        html_template='<div class="q-setup-frame"></div>',
        js_on_load=(ASSETS / "setup.js").read_text(encoding="utf-8"),
        elem_id="q-setup",
        container=False,
        padding=False,
    )
    sent = gr.State("")
    line.look(handlers.on_look, sent, [line, sent], **LIGHT)
    line.act(handlers.on_act, None, [line, sent], **QUIET)
