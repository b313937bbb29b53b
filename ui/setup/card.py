"""The card of the first minutes, in an empty chat: what answers now, and the best set for this machine."""

from __future__ import annotations

import gradio as gr

from ui.core.events import LIGHT, QUIET
from ui.core.theme import ASSETS
from workers.client import Client

from .handlers import SetupHandlers


def build_setup_card(client: Client, place: gr.Column) -> None:
    """Lay out the card at the end of `place` and wire it; its script asks for it while the page is seen."""
    handlers = SetupHandlers(client.setup)
    with place:
        card = gr.HTML(
            "",
            html_template='<div class="q-setup-frame"></div>',
            js_on_load=(ASSETS / "setup.js").read_text(encoding="utf-8"),
            elem_id="q-setup",
            container=False,
            padding=False,
        )
    sent = gr.State("")
    card.look(handlers.on_look, sent, [card, sent], **LIGHT)
    card.act(handlers.on_act, None, [card, sent], **QUIET)
