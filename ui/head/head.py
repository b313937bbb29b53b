"""The head: name, tabs with their workers' states, memory, settings, in one line that stays."""

from __future__ import annotations

import zlib
from typing import Any

import gradio as gr

from ui.core.callers import caller_of
from ui.core.events import LIGHT
from ui.core.theme import ASSETS
from workers.client import Client

from .markup import HEAD
from .view import memory_words, models_words, tab_words

AT_REST = ("asleep", "ready", "failed")


def build_head(client: Client) -> None:
    """Add what stands in the row of the tabs; its script asks for news, each second while there are some."""

    def on_look(event: gr.EventData, request: gr.Request) -> Any:
        """Return the state of now, nothing if the browser shows it already."""
        now = look(client, says_why=caller_of(request).is_admin)
        return gr.skip() if now["seen"] == (event._data or {}).get("seen") else now

    head = gr.HTML(
        None,
        html_template=HEAD,
        js_on_load=(ASSETS / "head.js").read_text(encoding="utf-8"),
        elem_id="q-head",
        container=False,
        padding=False,
    )
    head.look(on_look, None, head, **LIGHT)


def look(client: Client, *, says_why: bool = True) -> dict[str, Any]:
    """Return the head of now, with what its script goes by: its pace, and whether there is news of models.

    `says_why`: see `models_words`.
    """
    status, fetching = client.status(), client.setup.fetching()
    total = client.setup.progress() if client.setup.is_running else None
    is_busy = any(worker.state not in AT_REST or worker.num_waiting for worker in status.workers)
    awake = [worker.model_id for worker in status.workers if worker.state in ("ready", "busy")]
    broken = [worker.model_id for worker in status.workers if worker.state == "failed"]
    used = [client.card(name).id for name in client.models.modalities]
    shown = {
        "tabs": {worker.modality: tab_words(worker) for worker in status.workers},
        "memory": memory_words(status),
        "fetching": models_words(fetching, total, says_why=says_why),
        "pace": "busy" if is_busy or fetching or total is not None else "idle",
        "models": f"{client.setup.revision}{_digest(broken)}",
        "used": _digest((used, awake)),
    }
    return {"seen": _digest(shown), **shown}


def _digest(value: object) -> str:
    return format(zlib.crc32(repr(value).encode()), "x")
