"""Pieces that several tabs are laid out with."""

from __future__ import annotations

from typing import Any

import gradio as gr


def status_line(value: str | None = None, elem_id: str | None = None) -> gr.HTML:
    """The line that says what is going on: waiting, progress, error, receipt."""
    return gr.HTML(value, elem_classes="q-status", padding=False, elem_id=elem_id)


def stop_button(*, min_width: int, elem_id: str | None = None, **options: Any) -> gr.Button:
    """A Stop that can be pressed only while something runs; `options` are gr.Button's."""
    return gr.Button(
        "Stop", variant="stop", min_width=min_width, interactive=False, elem_id=elem_id, **options
    )


def hidden_stop_button(*, min_width: int, elem_id: str | None = None) -> gr.Button:
    """A Stop that takes the place of the button that starts."""
    return gr.Button("Stop", variant="stop", visible=False, min_width=min_width, elem_id=elem_id)


def can_stop(is_running: bool) -> gr.Button:
    """The update of a `stop_button`."""
    return gr.Button(interactive=is_running)


def start_or_stop(start: Any, stop: Any, *, is_running: bool) -> dict[Any, Any]:
    """The update of a start button and its `hidden_stop_button`: one of the two is seen."""
    return {start: gr.Button(visible=not is_running), stop: gr.Button(visible=is_running)}
