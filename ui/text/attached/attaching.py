"""Files on their way into a question: kept beside the chats, and what the composer says of them before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ui.core.guard import uploaded_file
from ui.text.act import Act
from workers.chats.files import MAX_FILE_BYTES, MAX_FILES, KeptFile
from workers.client import Client
from workers.flows.turns.attached.pictures import READ
from workers.flows.turns.options import TurnOptions
from workers.messages.errors import UnknownModelError, UnsupportedInputError

DOCUMENT = "whole if short, else by retrieval"
AUDIO = "transcribed"


async def kept_files(act: Act) -> list[dict[str, Any]]:
    """Keep what was sent along with a question, for its details. Raises: AppError, and nothing is asked then."""
    sent = act.sent.get("files") or []
    if not isinstance(sent, list) or not all(isinstance(one, Mapping) for one in sent):
        raise UnsupportedInputError("files has to be a list of uploads.")
    if len(sent) > MAX_FILES:
        raise UnsupportedInputError(
            f"{len(sent)} files are attached; a question takes {MAX_FILES}.",
            "Ask with some of them first.",
        )
    kept = [await asyncio.to_thread(_kept, act, one) for one in sent]
    return [file.as_details() for file in kept]


def _kept(act: Act, sent: Mapping[str, Any]) -> KeptFile:
    path = uploaded_file(sent.get("path"))
    return act.own.files.keep(path, str(sent.get("name") or path.name)[:200])


def attach_state(client: Client, options: TurnOptions) -> dict[str, Any]:
    """Return how each kind of file will be read, and what is refused at once, for the composer's script."""
    return {
        "document": DOCUMENT,
        "audio": AUDIO,
        "picture": _picture(client, options),
        "max_bytes": MAX_FILE_BYTES,
        "max_files": MAX_FILES,
    }


def _picture(client: Client, options: TurnOptions) -> str:
    try:
        text = client.models.get(options.model, "text") if options.model else client.card("text")
        card = text if text.sees else client.card("vision")
    except UnknownModelError:
        return "no model reads pictures"
    return READ if card.engine == "rapidocr" else f"seen by {card.name}"
