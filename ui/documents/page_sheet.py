"""The sheet that shows a passage on the picture of its page: what opens it, what is in it, and who draws it."""

from __future__ import annotations

import base64
from html import escape
from pathlib import PurePath
from typing import Any

import gradio as gr

from ui.core.events import QUIET
from ui.core.icons import icon, icon_button
from ui.core.render import error_html
from ui.core.theme import ASSETS
from workers.client import Client
from workers.messages import PageShown, Passage, ShowPage
from workers.messages.document_kinds import kind_of_suffix
from workers.messages.errors import NotFoundError

TEMPLATE = '<dialog class="rag-sheet" aria-label="Page of a document"></dialog>'
_DRAWN = ("pdf", "picture")
"""Kinds of documents whose pages can be drawn."""


def page_button(passage: Passage) -> str:
    """Return what opens the sheet; "" for a passage of a document whose pages cannot be drawn."""
    kind = kind_of_suffix(PurePath(passage.document_name).suffix)
    if passage.page is None or kind is None or kind.key not in _DRAWN:
        return ""
    return (
        f'<p class="rag-open-page"><button type="button" class="q-b" '
        f'data-page-of="{escape(passage.chunk_id, quote=True)}">{icon("file")}Show on page '
        f"{passage.page}</button></p>"
    )


def sheet_html(shown: PageShown, chunk_id: str) -> str:
    """Return the inside of the dialog: the page with its marks, and the way to its neighbours."""
    picture = base64.b64encode(shown.picture).decode()
    name = escape(shown.name)
    marks = "".join(_mark(box) for box in shown.boxes)
    note = f'<p class="rag-sheet-note" role="status">{escape(shown.note)}</p>' if shown.note else ""
    return (
        f'<div class="rag-sheet-head"><h2 tabindex="-1"><span>{name}</span> <small>page {shown.page} of '
        f"{shown.num_pages:,}</small></h2>"
        f"{_turn('back', 'Page before', shown.page - 1, shown, chunk_id)}"
        f"{_turn('next', 'Page after', shown.page + 1, shown, chunk_id)}"
        f"{icon_button('close', 'Close', close='page')}</div>{note}"
        f'<div class="rag-sheet-scroll"><div class="rag-sheet-page"><img alt="Page {shown.page} of {name}" '
        f'src="data:image/png;base64,{picture}">{marks}</div></div>'
    )


def _mark(box: tuple[float, float, float, float]) -> str:
    left, top, width, height = (100 * share for share in box)
    place = f"left:{left:.2f}%;top:{top:.2f}%;width:{width:.2f}%;height:{height:.2f}%"
    return f'<i class="rag-mark" style="{place}"></i>'


def _turn(name: str, label: str, page: int, shown: PageShown, chunk_id: str) -> str:
    is_there = 1 <= page <= shown.num_pages
    return (
        f'<button type="button" class="q-ib" aria-label="{label}" title="{label}" '
        f'data-page-of="{escape(chunk_id, quote=True)}" data-page="{page}"'
        f"{'' if is_there else ' disabled'}>{icon(name)}</button>"
    )


def failed_html(error: Exception) -> str:
    """Return the inside of the dialog when there is no page to show."""
    return (
        '<div class="rag-sheet-head"><h2 tabindex="-1">No page to show</h2>'
        f"{icon_button('close', 'Close', close='page')}</div>{error_html(error)}"
    )


class PageSheetHandlers:
    """Asks for the page that was clicked."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def on_look(self, event: gr.EventData) -> str:
        """Draw the page of a passage, or say why there is none."""
        asked: Any = event._data if isinstance(event._data, dict) else {}
        chunk_id, page = str(asked.get("chunk", "")), str(asked.get("page", ""))
        number = int(page) if page.isdecimal() and len(page) < 7 else None
        try:
            events = await self._client.arun(ShowPage(chunk_id=chunk_id, page=number))
            shown = next((one for one in events if isinstance(one, PageShown)), None)
            if shown is None:
                raise NotFoundError("The page was not drawn.", "Try again.")
        except Exception as err:  # noqa: BLE001 — the edge of the page
            return failed_html(err)
        return sheet_html(shown, chunk_id)


def build_page_sheet(client: Client) -> None:
    """Lay out the sheet, shut, and wire it: whatever carries `data-page-of` in the tab opens it."""
    sheet = gr.HTML(
        "",
        html_template=TEMPLATE,
        js_on_load=(ASSETS / "page_sheet.js").read_text(encoding="utf-8"),
        elem_id="rag-page-sheet",
        container=False,
        padding=False,
        apply_default_css=False,
    )
    sheet.look(PageSheetHandlers(client).on_look, None, sheet, trigger_mode="always_last", **QUIET)
