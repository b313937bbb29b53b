"""The strip above the tabs: who is awake, on what, how much memory, what waits and why."""

from __future__ import annotations

from html import escape

import gradio as gr

from workers.client import Client
from workers.pool.status import PoolStatus, WorkerStatus

REFRESH_S = 1.0

TITLES = {
    "text": "Text",
    "stt": "Speech in",
    "tts": "Speech out",
    "vision": "Vision",
    "rag": "RAG",
}


def build_strip(client: Client, page: gr.Blocks) -> None:
    """Add the strip, which renews itself every second while the page is open."""

    def refresh() -> str:
        return strip_html(client.status())

    strip = gr.HTML(elem_id="q-strip", container=False, padding=False)
    for begin in (page.load, gr.Timer(REFRESH_S).tick):
        begin(refresh, outputs=strip, queue=False, show_progress="hidden", api_visibility="private")


def strip_html(status: PoolStatus) -> str:
    """One chip per worker, then the memory bar."""
    chips = "".join(_chip(worker) for worker in status.workers)
    return f'<ul class="q-chips" aria-label="Workers">{chips}</ul>{_memory_bar(status)}'


def _chip(worker: WorkerStatus) -> str:
    title = escape(f"{worker.model}. {worker.detail}".strip(), quote=True)
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
    """What a worker does, in a few words: "ready · 312 MiB", "2 running, 1 waiting"."""
    if worker.state == "failed":
        return "failed, see the reason by pointing here"
    if worker.state == "loading":
        return worker.detail or "loading"
    if worker.state in ("asleep", "stopping"):
        return worker.state
    parts = [f"{worker.num_running} running"] if worker.num_running else ["ready"]
    if worker.num_waiting:
        parts.append(f"{worker.num_waiting} waiting")
    if worker.resident_mib:
        parts.append(f"{worker.resident_mib} MiB")
    return " · ".join(parts)


def _memory_bar(status: PoolStatus) -> str:
    """All resident memory as one bar, a colour per modality; the page's own process in grey."""
    total = max(status.resident_mib, 1)
    shares = [("page", "Page", status.main_resident_mib)]
    shares += [(w.modality, TITLES[w.modality], w.resident_mib) for w in status.workers]
    pieces = "".join(
        f'<i class="q-{kind}" style="flex-grow:{mib}" title="{name}: {mib} MiB"></i>'
        for kind, name, mib in shares
        if mib
    )
    label = f"{total:,} MiB in use"
    return (
        f'<div class="q-memory"><div class="q-bar" role="img" aria-label="{label}">{pieces}</div>'
        f"<span>{label}</span></div>"
    )
