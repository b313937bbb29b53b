"""Small pieces of HTML that several renderers share. Pure; everything that is not ours is escaped."""

from __future__ import annotations

from html import escape

from ui.core.icons import icon, icon_button
from ui.text.exchanges import Versions


def act_button(label: str, act: str, *, symbol: str = "", **data: object) -> str:
    """Return a button with words, for an action of `ui.text.actions`."""
    attributes = "".join(f' data-{key}="{escape(str(value))}"' for key, value in data.items())
    picture = icon(symbol) if symbol else ""
    return f'<button type="button" class="q-b" data-act="{act}"{attributes}>{picture}{escape(label)}</button>'


def versions_html(versions: Versions, what: str) -> str:
    """Return "‹ 2 of 3 ›"; "" where there is one version alone."""
    if versions.count < 2:
        return ""
    steps = {
        way: icon_button(way, f"{word} version of the {what}", act="show", message=at)
        if at is not None
        else f'<button type="button" class="q-ib" aria-label="{word} version of the {what}" disabled>{icon(way)}</button>'
        for way, word, at in (
            ("back", "Previous", versions.before),
            ("next", "Next", versions.after),
        )
    }
    return (
        f'<span class="q-versions">{steps["back"]}<span>{versions.place} of {versions.count}</span>'
        f"{steps['next']}</span>"
    )
