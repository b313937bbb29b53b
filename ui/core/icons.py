"""The page's icons: lines of 1.5 on a 16 px square, in the colour of the text beside them."""

from __future__ import annotations

ICONS = {
    "add": '<path d="M8 3v10M3 8h10"/>',
    "back": '<path d="M10 3.5 5.5 8l4.5 4.5"/>',
    "bin": '<path d="M3 4.5h10M6 4.5V3h4v1.5M4.3 4.5l.6 8.5h6.2l.6-8.5"/>',
    "books": '<path d="M3 3v10M6 3v10M9 3.2l3.8 9.6"/>',
    "branch": '<circle cx="4.5" cy="3.5" r="1.5"/><circle cx="4.5" cy="12.5" r="1.5"/>'
    '<circle cx="11.5" cy="5.5" r="1.5"/><path d="M4.5 5v6M11.5 7c0 2.5-7 1.500-7 4"/>',
    "camera": '<path d="M2 5h3l1-1.8h4L11 5h3v8H2z"/><circle cx="8" cy="8.8" r="2.2"/>',
    "chart": '<path d="M2.5 13.5h11M4.5 11V8M8 11V4M11.5 11V6"/>',
    "clip": '<path d="M12.5 7.2 7.8 12a3 3 0 0 1-4.3-4.3l5-5a2 2 0 0 1 2.9 2.9L6.6 10.5a1 1 0 0 1-1.4-1.4'
    'L9.5 4.8"/>',
    "close": '<path d="m4 4 8 8M12 4l-8 8"/>',
    "copy": '<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/>'
    '<path d="M10.5 3H4a1.5 1.5 0 0 0-1.5 1.5v6"/>',
    "down": '<path d="m3.5 6 4.5 4.5L12.5 6"/>',
    "download": '<path d="M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.2h10"/>',
    "edit": '<path d="m3 13 .6-2.8 7.2-7.2 2.2 2.2-7.2 7.2z"/>',
    "file": '<path d="M4 2h5.5L12.5 5v9H4zM9.5 2v3h3"/>',
    "flow": '<circle cx="4" cy="8" r="1.5"/><circle cx="12" cy="4" r="1.5"/><circle cx="12" cy="12" r="1.5"/>'
    '<path d="M5.5 8H8c1.2 0 1-4 2.5-4M8 8c1.2 0 1 4 2.5 4"/>',
    "folder": '<path d="M2 4.5h4l1.5 1.7H14v6.3H2z"/>',
    "info": '<circle cx="8" cy="8" r="5.5"/><path d="M8 7.3v3.4M8 5.2v.01"/>',
    "keyboard": '<rect x="1.8" y="4" width="12.4" height="8" rx="1.5"/>'
    '<path d="M4.5 7h.01M7 7h.01M9.5 7h.01M12 7h.01M5.5 9.7h5"/>',
    "lines": '<rect x="2.5" y="3.5" width="11" height="3.5" rx="1"/>'
    '<rect x="2.5" y="9.5" width="7" height="3.5" rx="1"/>',
    "load": '<path d="M8 10.2V2.7M4.8 5.7 8 2.5l3.2 3.2M3 13.2h10"/>',
    "menu": '<path d="M2.5 4h11M2.5 8h11M2.5 12h11"/>',
    "microphone": '<rect x="6" y="2" width="4" height="7" rx="2"/>'
    '<path d="M3.5 7.5a4.5 4.5 0 0 0 9 0M8 12v2"/>',
    "more": '<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" stroke-width="2.2"/>',
    "next": '<path d="m6 3.5 4.5 4.5L6 12.5"/>',
    "person": '<circle cx="8" cy="5.5" r="2.5"/><path d="M3 13.5c.7-2.7 2.5-4 5-4s4.3 1.3 5 4"/>',
    "picture": '<rect x="2" y="3" width="12" height="10" rx="1.5"/><circle cx="5.5" cy="6.3" r="1"/>'
    '<path d="m3 12 3.5-3.5 2 2 2.5-2.7 3 3.2"/>',
    "pin": '<path d="M5.5 2.5h5l-.8 4 2 2.3H4.3l2-2.3zM8 8.8v4.7"/>',
    "private": '<circle cx="8" cy="8" r="5.5" stroke-dasharray="2.2 2"/>',
    "retry": '<path d="M12.8 6A5.2 5.2 0 1 0 13.2 9M13.2 2.8V6H10"/>',
    "search": '<circle cx="7" cy="7" r="4.2"/><path d="m10.2 10.2 3.3 3.3"/>',
    "send": '<path d="M8 13V3.5M3.8 7.5 8 3.3l4.2 4.2"/>',
    "settings": '<path d="M2.5 4.5h5M11 4.5h2.5M2.5 11.5h2.5M8.5 11.5h5"/><circle cx="9.2" cy="4.5" r="1.8"/>'
    '<circle cx="6.7" cy="11.5" r="1.8"/>',
    "sound": '<path d="M2.5 6.2h2.3L8.5 3v10L4.8 9.8H2.5zM11 6a3 3 0 0 1 0 4M12.8 4.2a5.5 5.5 0 0 1 0 7.6"/>',
    "stop": '<rect x="4" y="4" width="8" height="8" rx="1.5" fill="currentColor"/>',
    "table": '<rect x="2" y="3" width="12" height="10" rx="1.5"/><path d="M2 6.5h12M6.500 6.500V13"/>',
    "talk": '<path d="M3 7v2M6 4.5v7M9 2.5v11M12 6v4"/>',
    "think": '<path d="M8 2.5v2M8 11.5v2M2.5 8h2M11.5 8h2M4.3 4.3l1.300 1.300M10.4 10.4l1.300 1.300'
    'M4.3 11.7l1.300-1.300M10.4 5.6l1.300-1.300"/>',
    "tick": '<path d="m3 8.5 3.3 3.3L13 4.8"/>',
    "tools": '<path d="M9.5 3a3.5 3.5 0 0 1 3.8 4.6L10.5 6l-1 1 1.5 2.8A3.5 3.5 0 0 1 6.6 6.2zM7.6 8.6 3.5 13"/>',
    "warning": '<path d="M8 2.5 14 13H2zM8 6.5v3M8 11.2v.01"/>',
}  # fmt: skip


def icon(name: str) -> str:
    """Return one as an inline SVG, hidden from screen readers. Raises: KeyError."""
    return f'<svg class="q-i" viewBox="0 0 16 16" aria-hidden="true">{ICONS[name]}</svg>'


def icon_button(name: str, label: str, **data: object) -> str:
    """Return a button that shows an icon alone; `data` become its `data-…` attributes.

    `label` and the values are trusted: they are ours, or numbers. Raises: KeyError.
    """
    attributes = "".join(f' data-{key}="{value}"' for key, value in data.items())
    return (
        f'<button type="button" class="q-ib" aria-label="{label}" title="{label}"{attributes}>'
        f"{icon(name)}</button>"
    )
