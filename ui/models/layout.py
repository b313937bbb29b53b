"""The Models tab: what there is, what is here, what fits; download, choose, add and remove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.context import get_render_context

from configs.settings import Settings
from ui.theme import ASSETS
from ui.titles import TITLES
from workers.client import Client

from .handlers import ModelHandlers
from .view import LOADING, shell_html

ADD_HINT = "maker/repository, maker/repository:file.gguf, https://…/model.gguf, or a file or folder"
_LIGHT = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def build_models_tab(client: Client, _settings: Settings) -> None:
    """Lay the tab out and wire it."""
    tab = get_render_context()
    handlers = ModelHandlers(client.manager)
    status = gr.HTML(
        "",
        elem_classes="q-status",
        elem_id="models-status",
        padding=False,
    )
    adding_parts = _lay_out_adding()
    listing = gr.HTML(
        LOADING,
        html_template=shell_html(),
        js_on_load=(ASSETS / "models.js").read_text(encoding="utf-8"),
        elem_id="models-list",
        padding=False,
    )
    sent = gr.State("")
    shown = {"outputs": [listing, sent], **_LIGHT}
    listing.act(handlers.on_act, None, [status, listing, sent], **_LIGHT)
    listing.look(handlers.on_look, sent, **shown)
    if isinstance(tab, gr.Tab):
        tab.select(handlers.on_look, sent, **shown)
        tab.select(handlers.on_open, None, [status, adding_parts.fold], **_LIGHT)
    _wire_adding(handlers, adding_parts, [listing, sent])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Adding:
    """What stands in the fold "Add a model", which opens to an admin."""

    fold: Any
    what: Any
    kind: Any
    look: Any
    found: Any
    proposed: Any
    add: Any


def _lay_out_adding() -> _Adding:
    with gr.Accordion("Add a model", open=False, visible=False, elem_id="models-add") as fold:
        with gr.Row():
            what = gr.Textbox(
                label="A repository of the hub, an address, or a file or folder of this machine",
                placeholder=ADD_HINT,
                max_lines=1,
                scale=4,
                elem_id="models-what",
            )
            kind = gr.Dropdown(
                [("What it is made for", ""), *((title, name) for name, title in TITLES.items())],
                value="",
                label="Use it for",
                scale=1,
                min_width=200,
                elem_id="models-kind",
            )
        look = gr.Button("Look at it", elem_id="models-look")
        found = gr.HTML(elem_id="models-found", padding=False)
        add = gr.Button("Add it", visible=False, variant="primary", elem_id="models-add-it")
    return _Adding(
        fold=fold, what=what, kind=kind, look=look, found=found, proposed=gr.State(None), add=add
    )


def _wire_adding(handlers: ModelHandlers, parts: _Adding, shown: list[Any]) -> None:
    outputs = [parts.found, parts.proposed, parts.add]
    event = {"show_progress": "minimal", "api_visibility": "private", "concurrency_limit": 4}
    gr.on(
        [parts.look.click, parts.what.submit],
        handlers.on_propose,
        [parts.what, parts.kind],
        outputs,
        **event,
    )
    parts.add.click(handlers.on_add, parts.proposed, [*outputs, *shown], **event)
