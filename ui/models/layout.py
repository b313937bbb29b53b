"""The components of the Models tab: the fold for adding a model, and the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui.core.theme import ASSETS
from ui.core.titles import TITLES

from .view import LOADING, head_html, shell_html

ADD_HINT = "maker/repository, maker/repository:file.gguf, https://…/model.gguf, or a file or folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddingParts:
    """What stands in the fold "Add a model", which opens to an admin."""

    fold: Any
    what: Any
    kind: Any
    price: Any
    look: Any
    found: Any
    proposed: Any
    add: Any


def layout_adding() -> AddingParts:
    """Lay out the fold; who is no admin never sees it."""
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
        price = gr.Textbox(
            label="Price, if it is a paid service's",
            info="Of a million tokens that are read / written, by its maker's list. The flow route counts with it.",
            placeholder="2.5/10 USD",
            max_lines=1,
            elem_id="models-price",
        )
        look = gr.Button("Check", elem_id="models-look")
        found = gr.HTML(elem_id="models-found", padding=False)
        add = gr.Button("Add it", visible=False, variant="primary", elem_id="models-add-it")
    return AddingParts(
        fold=fold,
        what=what,
        kind=kind,
        price=price,
        look=look,
        found=found,
        proposed=gr.State(None),
        add=add,
    )


def layout_head() -> None:
    """Lay out name, search and the button of the fold; the list's script fills and hears them."""
    gr.HTML(head_html(), container=False, padding=False, elem_id="models-head")


def layout_list() -> gr.HTML:
    """Lay out the list, whose script asks for the rows once a second while something goes on."""
    return gr.HTML(
        LOADING,
        html_template=shell_html(),
        js_on_load=(ASSETS / "models.js").read_text(encoding="utf-8"),
        elem_id="models-list",
        container=False,
        padding=False,
    )
