"""The strip above the tabs: who is awake, on what, how much memory, what waits and why."""

from __future__ import annotations

from html import escape

import gradio as gr

from ui.core.events import LIGHT
from ui.core.titles import TITLES
from workers.client import Client, PoolStatus, WorkerStatus

from .bars import bars_html

REFRESH_S = 1.0


def build_strip(client: Client, page: gr.Blocks) -> None:
    """Add the strip, which renews itself every second while the page is open."""

    def refresh() -> str:
        return strip_html(client.status())

    strip = gr.HTML(elem_id="q-strip", container=False, padding=False)
    for begin in (page.load, gr.Timer(REFRESH_S).tick):
        begin(refresh, outputs=strip, **LIGHT)


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
