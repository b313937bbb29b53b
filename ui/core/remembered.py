"""What was chosen on a tab is there again at the next visit: kept by the browser, checked by the server.

A choice may have gone meanwhile, with the model that had it; so what the browser brings is offered to the
tab, which takes what it knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from .events import LIGHT
from .request import Update

KEEP_JS = """(...values) => {
  try { localStorage.setItem("quintet-KEY", JSON.stringify(values)); } catch { /* private windows keep nothing */ }
  return [];
}"""
BRING_JS = """
let values = null;
try { values = JSON.parse(localStorage.getItem("quintet-KEY")); } catch { /* nothing, or nothing readable */ }
if (Array.isArray(values)) trigger("bring", { values });
"""


def remember(
    key: str, components: Sequence[Any], accept: Callable[[Sequence[Any]], Update]
) -> None:
    """Keep the components' values in the browser under a key, and bring them back when the page is opened.

    `accept` gets as many values as there are components, of whatever kind the browser sends, and returns
    what of it still holds.
    """
    gr.on(
        [component.change for component in components],
        None,
        list(components),
        None,
        js=KEEP_JS.replace("KEY", key),
    )
    box = gr.HTML(
        "",
        html_template="<i></i>",
        js_on_load=BRING_JS.replace("KEY", key),
        elem_classes="q-watch",
        container=False,
        padding=False,
    )

    def on_bring(event: gr.EventData) -> Update:
        given = event._data.get("values") if isinstance(event._data, dict) else None
        fits = isinstance(given, list) and len(given) == len(components)
        update = accept(given) if fits and given is not None else {}
        return update or {components[0]: gr.skip()}

    box.bring(on_bring, None, list(components), **LIGHT)
