"""Tells a tab when its model is another one, or has been loaded: what it cannot do is not offered then."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import gradio as gr

from ui.core.events import LIGHT
from ui.core.request import Update
from workers.client import Client
from workers.messages import Modality

WATCH_JS = """
const tell = () => { if (element.isConnected) trigger("look", {}); };
document.addEventListener("quintet-used", tell); // by the head's script
tell();
"""


def build_model_watch(
    client: Client,
    modality: Modality,
    fitted: Callable[..., Update],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
) -> None:
    """Call `fitted(*inputs)` for what fits the model, at first and whenever it is another one."""
    watch = gr.HTML(
        "",
        html_template="<i></i>",
        js_on_load=WATCH_JS,
        elem_classes="q-watch",
        container=False,
        padding=False,
    )
    seen = gr.State(None)

    def on_look(seen_key: Hashable, *values: Any) -> Update:
        ready = client.ready(modality)
        key = (client.card(modality).id, ready is not None and ready.capabilities)
        return {seen: gr.skip()} if key == seen_key else {seen: key, **fitted(*values)}

    watch.look(on_look, [seen, *inputs], [seen, *outputs], **LIGHT)
