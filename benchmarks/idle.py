"""What a Quintet costs while nobody asks anything: all of its processes, in % of one core."""

from __future__ import annotations

import time

import psutil

from .harness import Measurement
from .served import Served, cpu_s, open_page, served

WATCHED_S = 60.0
SETTLED_S = 10.0
"""After the last model was loaded, or the page opened."""
ALL = ("text", "stt", "tts", "vision", "rag")


def measure() -> list[Measurement]:
    """Return the share of a core with all models awake: without a client, and with a page open."""
    with served() as quintet:
        quintet.page_s()
        quintet.ready_s(*ALL)
        rows = [_watched(quintet, "idle, five models awake, no client", "≤ 0.5")]
        with open_page(quintet.url) as is_open:
            if is_open:
                rows.append(_watched(quintet, "idle, one page open", "≤ 1"))
        return rows


def _watched(quintet: Served, what: str, bar: str) -> Measurement:
    time.sleep(SETTLED_S)
    family = quintet.family()
    before = {process.pid: cpu_s([process]) for process in family}
    began = time.perf_counter()
    time.sleep(WATCHED_S)
    elapsed_s = time.perf_counter() - began
    shares = {
        _name(process): 100 * (cpu_s([process]) - before[process.pid]) / elapsed_s
        for process in family
    }
    note = ", ".join(f"{name} {share:.2f}" for name, share in shares.items() if share >= 0.01)
    return Measurement(
        what=what, value=sum(shares.values()), unit="% of a core", bar=bar, note=note
    )


def _name(process: psutil.Process) -> str:
    """The worker's modality, which is in its title, or "page"."""
    try:
        words = " ".join(process.cmdline()).split()
    except psutil.Error:
        return "gone"
    return words[1] if words[:1] == ["quintet"] else "page" if "app.py" in words else words[0]
