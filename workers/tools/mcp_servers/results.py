"""What a server answers, as text for a model; what is no text is named, not lost. Pure."""

from __future__ import annotations

import json
from typing import Any

from workers.tools.records import ToolResult


def result_of(answer: Any) -> ToolResult:
    """Return an `mcp.types.CallToolResult` as text.

    Texts and the texts of resources are joined; a picture, a sound or a file is said to be left out.
    An answer with structured content alone is that content as JSON.
    """
    texts: list[str] = []
    left_out: list[str] = []
    for block in answer.content:
        text, missing = _read(block)
        if text:
            texts.append(text)
        if missing:
            left_out.append(missing)
    if not texts and answer.structuredContent is not None:
        texts.append(json.dumps(answer.structuredContent, ensure_ascii=False))
    note = f"Left out, because a model reads only text: {', '.join(left_out)}." if left_out else ""
    parts = [*texts, *([f"[{note}]"] if note else [])]
    return ToolResult(
        text="\n\n".join(parts) or "(no text)", is_error=bool(answer.isError), note=note
    )


def _read(block: Any) -> tuple[str, str]:
    """Return the text of one block, and what of it is left out."""
    match block.type:
        case "text":
            return block.text, ""
        case "image" | "audio":
            kind = {"image": "a picture", "audio": "a sound"}[block.type]
            return "", f"{kind} ({block.mimeType}, {len(block.data) * 3 // 4:,} bytes)"
        case "resource":
            text = getattr(block.resource, "text", None)
            if text is not None:
                return f"{block.resource.uri}:\n{text}", ""
            return "", f"a file ({block.resource.uri})"
        case "resource_link":
            return f"{block.name}: {block.uri}", ""
    return "", f"something of the kind {block.type!r}"
