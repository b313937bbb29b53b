"""The pool's state → what the head line says: a dot and two short lines for each tab, the memory. Pure.

What it returns is data for `assets/head.js`, which shows it as text; only the memory's bars are HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ui.core.memory_use import bar_html, device_uses
from ui.core.titles import TITLES
from workers.client import PoolStatus, WorkerStatus
from workers.messages import amounts
from workers.models.setup.getting import Fetching
from workers.models.setup.progress import SetupProgress, fetching_words

STATES = {
    "asleep": "Asleep",
    "loading": "Loading",
    "ready": "Ready",
    "busy": "Running",
    "stopping": "Going to sleep",
    "failed": "Failed",
}


def tab_words(worker: WorkerStatus) -> dict[str, Any]:
    """What a tab's dot shows and its hover text says: "Ready · EmbeddingGemma", "0.4 GB in use"."""
    return {
        "state": worker.state,
        "words": [f"{STATES[worker.state]} · {worker.model}", _doing(worker)],
    }


def _doing(worker: WorkerStatus) -> str:
    """The second line."""
    if worker.together_with is not None:
        return f"shares the model of {TITLES[worker.together_with]}"
    if worker.state == "failed":
        return worker.detail or "its next request tries again"
    if worker.state == "loading":
        percent = f"{worker.progress * 100:.0f} %" if worker.progress is not None else ""
        return " · ".join(filter(None, (percent, worker.detail))) or "coming into memory"
    if worker.state == "asleep":
        return "wakes when it is used"
    parts = [
        f"{worker.num_running} running" if worker.num_running else "",
        f"{worker.num_waiting} waiting" if worker.num_waiting else "",
        f"{amounts.memory_words(worker.resident_mib)} in use" if worker.resident_mib else "",
        "on the graphics card" if worker.is_on_graphics else "",
        "kept awake" if worker.is_pinned else "",
    ]
    return " · ".join(filter(None, parts))


def memory_words(status: PoolStatus) -> dict[str, Any]:
    """The memory line: its words (short ones for a phone), its bars, whether something is too little."""
    uses = device_uses(status)
    waiting = _waits_for_memory(status)
    words = [use.label if len(uses) == 1 else use.short for use in uses]
    return {
        "words": " · ".join(words),
        "short": amounts.memory_words(uses[0].used_mib) if uses else "",
        "waiting": waiting,
        "is_short": bool(waiting) or any(use.over_mib for use in uses),
        "bars": "".join(map(bar_html, uses)),
    }


def _waits_for_memory(status: PoolStatus) -> str:
    """Who waits for memory, and for what; "": nobody."""
    waits = (
        f"{TITLES[worker.modality]}: {worker.detail or 'loading'}"
        for worker in status.workers
        if worker.state == "loading" and worker.pid is None and worker.together_with is None
    )
    return " · ".join(waits)


def models_words(
    fetching: Sequence[Fetching], total: SetupProgress | None = None, *, says_why: bool
) -> dict[str, Any]:
    """What the Models tab's tag and hover text say of the models on their way.

    `total`: how far the set for this machine is, if it is fetched. `says_why`: whether the reason of a
    failure is said, which may name folders of this machine.
    """
    lines = [_coming(what, says_why=says_why) for what in fetching]
    if total is not None:
        lines.append(f"{round(100 * total.fraction)} % of the set for this machine")
    coming = [what for what in fetching if not what.problem]
    if not coming and total is None:
        return {"tag": "failed" if lines else "", "is_failed": bool(lines), "words": lines}
    percent = round(100 * total.fraction) if total is not None else _percent(coming)
    tag = f"{percent} %" if percent is not None else "…"
    return {"tag": tag, "is_failed": False, "words": lines}


def _percent(coming: Sequence[Fetching]) -> int | None:
    """Of all that is under way together, by bytes, 0 to 99; None where no size is known."""
    states = [what.download for what in coming if what.download and what.download.total_bytes]
    total = sum(state.total_bytes or 0 for state in states)
    return min(99, 100 * sum(state.done_bytes for state in states) // total) if total else None


def _coming(what: Fetching, *, says_why: bool) -> str:
    if what.problem:
        return f"{what.card.name} is not used" + (f": {what.problem}" if says_why else ".")
    then = f"; then {TITLES[what.card.modality]} uses it" if what.is_wanted else ""
    return f"Fetching {what.card.name}: {fetching_words(what)}{then}"
