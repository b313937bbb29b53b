"""The sidebar: each tab that keeps something fills its own, and it is seen with its tab.

Its place is first in the tab (`tab_with_sidebar`), so that who goes on by keys comes from the head to what
is kept, and from there to the work. The head's button, Ctrl B and a phone's veil open and close it
(`assets/frame.js`); where a tab has none, the button is hidden and the work takes the width.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import gradio as gr
from gradio.blocks import BlockContext
from gradio.context import get_render_context

SIDE = "q-side"
TAB_KINDS = {SIDE: "q-with-side", "q-grow": "q-with-grow"}
"""What a tab is called by the parts that it has; see `assets/frame.css`."""


@contextmanager
def tab_with_sidebar() -> Iterator[None]:
    """Inside a `gr.Tab`: keep the place of its sidebar while the tab is laid out."""
    place = gr.Column(elem_classes=SIDE, min_width=0)
    yield
    tab = place.parent
    if not place.children:
        place.unrender()
    if isinstance(tab, gr.Tab):
        tab.elem_classes = [*tab.elem_classes, *_kinds(tab)]


def _kinds(tab: gr.Tab) -> list[str]:
    """Say on the tab what stands directly in it: found by `:has()`, it would be looked for at each change of a chat."""
    within = {name for block in tab.children for name in getattr(block, "elem_classes", ())}
    return [kind for part, kind in TAB_KINDS.items() if part in within]


@contextmanager
def sidebar(label: str) -> Iterator[None]:
    """Lay out what is kept on this tab; once, anywhere in the tab's own layout.

    A tab says `with sidebar("Chats"):` and puts its components inside.

    `label`: what is kept there, for screen readers. Components go one below the other; one with the class
    `q-side-scroll` takes the height that is left and scrolls, one with `q-side-foot` ends it.

    Raises: RuntimeError outside of a tab of the page.
    """
    with _place():
        title = f'<h2 class="q-sr">{escape(label)}</h2>'
        gr.HTML(title, container=False, padding=False, elem_classes="q-side-title")
        yield


def _place() -> BlockContext:
    block = get_render_context()
    while block is not None and not isinstance(block, gr.Tab):
        block = block.parent
    first = block.children[0] if block is not None and block.children else None
    if not isinstance(first, gr.Column) or SIDE not in first.elem_classes:
        raise RuntimeError("A sidebar belongs to a tab of the page (ui/blocks.py).")
    return first
