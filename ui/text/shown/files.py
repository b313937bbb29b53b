"""A question's files: a chip each, pictures as small pictures, with how they were read and what was lost. Pure."""

from __future__ import annotations

from html import escape
from typing import Any

from ui.core.icons import icon
from workers.chats.files import KeptFile, files_of
from workers.chats.records import Message
from workers.messages.amounts import size_words

SHOWN_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""What every browser shows; others are chips."""
NOT_READ = "not read"
ICONS = {"picture": "picture", "audio": "sound", "document": "file"}


def files_html(detail: Any, message: Message) -> str:
    """Return the chips above a question; what an import has garbled is left out."""
    named = [one for one in detail if isinstance(one, dict)] if isinstance(detail, list) else []
    by_file = {(one.get("id"), one.get("name")): one for one in named}
    chips = "".join(
        _chip(message, file, by_file.get((file.id, file.name), {})) for file in files_of(message)
    )
    return f'<ul class="q-files" aria-label="Attached files">{chips}</ul>' if chips else ""


def address_of(message: Message, file: KeptFile) -> str:
    """Return where a file is served to its owner; "" for one of which there is the name alone."""
    return f"chats/files/{message.id}/{file.id}" if file.id else ""


def _chip(message: Message, file: KeptFile, detail: dict[str, Any]) -> str:
    read_as, note = str(detail.get("read_as", "")), str(detail.get("note", ""))
    is_bad = read_as == NOT_READ
    how = " · ".join(part for part in (size_words(file.num_bytes), read_as) if part)
    lost = f'<small class="q-file-note">{escape(note)}</small>' if note else ""
    body = f"{_picture(message, file)}<span><b>{escape(file.name)}</b> <small>{escape(how)}</small>{lost}</span>"
    address = address_of(message, file)
    if address:
        body = f'<a href="{address}" target="_blank" rel="noopener" title="Open {escape(file.name)}">{body}</a>'
    kind = "q-file q-bad" if is_bad else "q-file"
    return f'<li class="{kind}">{body}</li>'


def _picture(message: Message, file: KeptFile) -> str:
    address = address_of(message, file)
    if file.kind == "picture" and address and file.name.lower().endswith(SHOWN_PICTURES):
        return f'<img src="{address}" alt="" loading="lazy" width="40" height="40">'
    return icon(ICONS[file.kind])
