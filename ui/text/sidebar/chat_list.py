"""The list of chats as HTML: pinned, today, this week, older, folders; or what a search has found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from html import escape

from ui.core.icons import icon
from workers.chats.records import FoundChat, KeptChat

UNTITLED = "New chat"
NONE_YET = "Chats are kept here, on this machine."
NONE_FOUND = "No chat has these words."


def list_html(
    chats: Sequence[KeptChat], open_chat: str | None, now: datetime, note: str = ""
) -> str:
    """Return the list; `now` is the browser's clock, `note` why chats are not kept."""
    said = f'<p class="q-list-note q-warn">{escape(note)}</p>' if note else ""
    if not chats:
        return said or f'<p class="q-list-note">{NONE_YET}</p>'
    parts = [_group("Pinned", [chat for chat in chats if chat.is_pinned], open_chat, "pin")]
    rest = [chat for chat in chats if not chat.is_pinned]
    loose = [chat for chat in rest if not chat.folder]
    for title, group in _by_age(loose, now):
        parts.append(_group(title, group, open_chat))
    names = sorted({chat.folder for chat in rest if chat.folder}, key=str.casefold)
    parts += [_folder(name, [c for c in rest if c.folder == name], open_chat) for name in names]
    return said + "".join(parts)


def found_html(found: Sequence[FoundChat], open_chat: str | None) -> str:
    """Return what a search has found."""
    if not found:
        return f'<p class="q-list-note" role="status">{NONE_FOUND}</p>'
    rows = "".join(_row(one.chat, open_chat, one.excerpt, message=one.message) for one in found)
    count = f"{len(found)} found" if len(found) > 1 else "1 found"
    return f'<h3 role="status">{count}</h3><ul>{rows}</ul>'


def _by_age(chats: Iterable[KeptChat], now: datetime) -> Iterable[tuple[str, list[KeptChat]]]:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    begins = (
        ("Today", midnight),
        ("Yesterday", midnight - timedelta(days=1)),
        ("This week", midnight - timedelta(days=6)),
        ("Older", datetime.fromtimestamp(0, timezone.utc)),
    )
    left = list(chats)
    for title, begin in begins:
        group = [chat for chat in left if chat.changed_s >= begin.timestamp()]
        left = [chat for chat in left if chat.changed_s < begin.timestamp()]
        if group:
            yield title, group


def _group(title: str, chats: Sequence[KeptChat], open_chat: str | None, symbol: str = "") -> str:
    if not chats:
        return ""
    rows = "".join(_row(chat, open_chat, symbol=symbol) for chat in chats)
    return f"<h3>{title}</h3><ul>{rows}</ul>"


def _folder(name: str, chats: Sequence[KeptChat], open_chat: str | None) -> str:
    rows = "".join(_row(chat, open_chat) for chat in chats)
    is_open = " open" if any(chat.id == open_chat for chat in chats) else ""
    return (
        f'<details class="q-folder" data-folder="{escape(name)}"{is_open}><summary>{icon("folder")}'
        f'<span class="q-cut">{escape(name)}</span><span class="q-folder-count">{len(chats)}</span>'
        f"</summary><ul>{rows}</ul></details>"
    )


def _row(
    chat: KeptChat,
    open_chat: str | None,
    excerpt: str = "",
    *,
    symbol: str = "",
    message: int | None = None,
) -> str:
    title = escape(chat.title or UNTITLED)
    is_open = chat.id == open_chat
    current = ' aria-current="true"' if is_open else ""
    at = f' data-message="{message}"' if message is not None else ""
    writes = (
        '<i class="q-writes"></i><span class="q-sr">, being written</span>'
        if chat.is_running
        else ""
    )
    below = f'<small class="q-cut">{escape(excerpt)}</small>' if excerpt else ""
    return (
        f'<li class="{"on" if is_open else ""}" data-chat="{chat.id}" data-title="{title}" '
        f'data-pinned="{int(chat.is_pinned)}" data-folder="{escape(chat.folder)}">'
        f'<button type="button" class="q-li" data-act="open" data-chat="{chat.id}"{at}{current}>'
        f'{icon(symbol) if symbol else ""}<span class="q-cut">{title}</span>{writes}{below}</button>'
        f'<button type="button" class="q-ib q-row-menu" data-menu="chat" aria-haspopup="menu" '
        f'aria-label="Options of {title}" title="Rename, pin, move, export, delete">{icon("more")}'
        "</button></li>"
    )
