"""The strip above the tabs: who is awake, on what, how much memory, what waits and why."""

from __future__ import annotations

import zlib
from html import escape
from typing import Any

import gradio as gr

from ui.core.callers import caller_of
from ui.core.events import LIGHT
from ui.core.theme import ASSETS
from ui.core.titles import TITLES
from workers.client import Client, PoolStatus, WorkerStatus

from .bars import bars_html
from .fetching import fetching_html

AT_REST = ("asleep", "ready", "failed")


def build_strip(client: Client) -> None:
    """Add the strip; its script asks for it, each second while something is going on."""

    def on_look(event: gr.EventData, request: gr.Request) -> Any:
        """Return the strip, nothing if the browser shows it already."""
        html = look(client, says_why=caller_of(request).is_admin)
        seen = (event._data or {}).get("seen")
        return gr.skip() if seen and f'data-seen="{seen}"' in html else html

    strip = gr.HTML(
        "",
        html_template='<div class="q-strip-frame"></div>',
        js_on_load=(ASSETS / "strip.js").read_text(encoding="utf-8"),
        elem_id="q-strip",
        container=False,
        padding=False,
    )
    strip.look(on_look, None, strip, **LIGHT)


def look(client: Client, *, says_why: bool = True) -> str:
    """Return the strip of now, with what its script goes by: its pace, and whether there is news of models.

    `says_why`: see `fetching_html`.
    """
    status, fetching = client.status(), client.setup.fetching()
    total = client.setup.progress() if client.setup.is_running else None
    body = strip_html(status) + fetching_html(fetching, total, says_why=says_why)
    is_busy = any(worker.state not in AT_REST or worker.num_waiting for worker in status.workers)
    pace = "busy" if is_busy or fetching or total is not None else "idle"
    awake = [worker.model_id for worker in status.workers if worker.state in ("ready", "busy")]
    broken = [worker.model_id for worker in status.workers if worker.state == "failed"]
    used = [client.card(name).id for name in client.models.modalities]
    data = (
        f'data-pace="{pace}" data-models="{client.setup.revision}{_digest(repr(broken))}" '
        f'data-used="{_digest(repr((used, awake)))}"'
    )
    return f'<div class="q-strip" data-seen="{_digest(data + body)}" {data}>{body}</div>'


def _digest(text: str) -> str:
    return format(zlib.crc32(text.encode()), "x")


def strip_html(status: PoolStatus) -> str:
    """One chip per worker, then a bar for each device's memory.

    A phone's chips have no room for words: what waits for memory is said below them there.
    """
    chips = "".join(_chip(worker) for worker in status.workers)
    waits = "".join(
        f'<p class="q-waits">{TITLES[worker.modality]}: {escape(_doing(worker))}</p>'
        for worker in status.workers
        if worker.state == "loading" and worker.pid is None and worker.together_with is None
    )
    return f'<ul class="q-chips" aria-label="Workers">{chips}</ul>{waits}{bars_html(status)}'


def _chip(worker: WorkerStatus) -> str:
    stays = "Stays in memory." if worker.is_pinned else ""
    about = " ".join(filter(None, (f"{worker.model}.", worker.detail, stays)))
    title = escape(about, quote=True)
    fraction = worker.progress if worker.progress is not None else 0.0
    bar = (
        f'<progress max="1" value="{fraction:.2f}"></progress>' if worker.state == "loading" else ""
    )
    return (
        f'<li class="q-chip q-{worker.state} q-{worker.modality}" title="{title}">'
        f'<i aria-hidden="true"></i><b>{TITLES[worker.modality]}</b>'
        f"<span>{escape(_doing(worker))}</span>{bar}</li>"
    )


def _doing(worker: WorkerStatus) -> str:
    """What a worker does, in a few words: "ready · 312 MiB", "2 running · 1 waiting"."""
    if worker.together_with is not None:
        return f"together with {TITLES[worker.together_with]}"
    if worker.state == "failed":
        return "failed, see the reason by pointing here"
    if worker.state == "loading":
        return worker.detail or "loading"
    if worker.state in ("asleep", "stopping"):
        return worker.state
    parts = [f"{worker.num_running} running"] if worker.num_running else ["ready"]
    if worker.num_waiting:
        parts.append(f"{worker.num_waiting} waiting")
    elif worker.resident_mib:
        parts.append(f"{worker.resident_mib:,} MiB")
    if worker.is_on_graphics:
        parts.append("GPU")
    return " · ".join(parts)
