"""An answer that obeys a schema: a table of flat objects, else a tree; to copy, and to save as JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from ui.core.icons import icon
from ui.core.render import note_html
from workers.chats.records import Message

MAX_LEVELS = 12
MAX_ROWS = 500
"""Of a table that is shown; files hold all."""
RISKY = ("=", "+", "-", "@")
"""A cell that begins so would be a formula in a spreadsheet."""


def data_html(value: Any, message: Message) -> str:
    """Return the value as a table or a tree, with its files."""
    columns = columns_of(value)
    shown = _table_html(value, columns) if columns else _tree_html(value, 0)
    whole = json.dumps(value, indent=1, ensure_ascii=False)
    files = _file("JSON", "json", whole)
    if columns:
        files += _file("CSV", "csv", as_csv(value, columns))
    fold = f"<details><summary>JSON</summary><pre>{escape(whole)}</pre></details>"
    return f'<div class="q-data">{shown}{fold}</div><div class="q-choices">{files}</div>'


def data_error_html(error: Any, message: Message) -> str:
    """Return why an answer is no value."""
    return note_html(str(error))


def shown_json(text: str, message: Message) -> str:
    """Return the words of an answer; one that is shown as a value has none."""
    return "" if message.details.get("data") else text


def columns_of(value: Any) -> tuple[str, ...]:
    """Return the columns of a list of flat objects; none for any other value."""
    if not isinstance(value, list) or not value:
        return ()
    if not all(isinstance(row, dict) and row for row in value):
        return ()
    if any(isinstance(cell, (dict, list)) for row in value for cell in row.values()):
        return ()
    return tuple(dict.fromkeys(str(name) for row in value for name in row))


def as_csv(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Return the rows as RFC 4180 has them; no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(map(_safe, columns))
    for row in rows:
        writer.writerow([_safe(row.get(name)) for name in columns])
    return out.getvalue()


def _safe(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(RISKY) else _plain(cell)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value


def _table_html(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{escape(str(_plain(row.get(name))))}</td>" for name in columns)
        + "</tr>"
        for row in rows[:MAX_ROWS]
    )
    more = note_html(f"{MAX_ROWS} of {len(rows):,} rows are shown.") if len(rows) > MAX_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _tree_html(value: Any, level: int) -> str:
    if level >= MAX_LEVELS:
        return escape(json.dumps(value, ensure_ascii=False))
    if isinstance(value, dict) and value:
        rows = "".join(
            f"<dt>{escape(str(name))}</dt><dd>{_tree_html(one, level + 1)}</dd>"
            for name, one in value.items()
        )
        return f"<dl>{rows}</dl>"
    if isinstance(value, list) and value:
        return "<ol>" + "".join(f"<li>{_tree_html(one, level + 1)}</li>" for one in value) + "</ol>"
    return escape(str(_plain(value))) or "–"


def _file(label: str, kind: str, text: str) -> str:
    mime = "application/json" if kind == "json" else "text/csv"
    return (
        f'<a class="q-b" download="answer.{kind}" href="data:{mime};charset=utf-8,{quote(text)}">'
        f"{icon('download')}Save as {label}</a>"
    )
