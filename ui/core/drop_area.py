"""An area that takes files: chosen, dropped or pasted; it uploads them and says how far it is.

Gradio's own says "Drop File Here - or - Click to Upload", and refuses with a toast that passes.
"""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from .guard import check_files
from .icons import icon
from .theme import ASSETS

MAX_FILES = 500
"""Of one drop: a folder of that many documents is a day's work."""


def drop_area(
    words: str,
    *,
    button: str,
    elem_id: str,
    accept: str = "",
    is_small: bool = False,
    within: str = "",
) -> gr.HTML:
    """Lay one out. Its `upload` event brings files: `uploaded_paths` reads them.

    `words` say what may be dropped, `button` what a click chooses; `accept` is a hint for the
    browser's chooser alone (extensions or kinds, with commas): what was dropped is judged later.
    `within` is the id of a larger part around it that takes what is dropped as well.
    """
    kind = "q-drop q-drop-small" if is_small else "q-drop"
    return gr.HTML(
        "",
        html_template=f'<div class="{kind}" data-within="{escape(within, quote=True)}"><input type="file" multiple tabindex="-1" '
        f'accept="{escape(accept, quote=True)}" aria-label="{escape(button, quote=True)}">'
        f'<button type="button" class="q-b">{icon("add")}<b>{escape(button)}</b></button>'
        f"<span>{escape(words)}</span>"
        '<p class="q-drop-state" role="status"></p></div>',
        js_on_load=(ASSETS / "drop_area.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        container=False,
        padding=False,
        elem_id=elem_id,
        elem_classes="q-drop-box",
    )


def uploaded_paths(event: gr.EventData) -> list[str]:
    """Return what the area has uploaded. Raises: gr.Error for a file that was not uploaded here."""
    given: Any = event._data
    files = given.get("files") if isinstance(given, dict) else None
    paths = files[:MAX_FILES] if isinstance(files, list) else []
    check_files([{"path": "" if path is None else path} for path in paths])  # None would pass
    return [str(path) for path in paths]
