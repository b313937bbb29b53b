"""One model → HTML for its row: what it is, size, speed, memory, and what can be done. Pure; escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from configs.catalogue import ModelCard
from ui.core.icons import icon
from workers.messages.amounts import memory_words, size_words
from workers.models.manager import FoundModel, ModelStatus
from workers.models.setup.offer import download_bytes

from .state import DOWNLOADED, UNDER_WAY, is_too_large

LABELS = {
    "download": "Get", "resume": "Go on", "pause": "Stop", "use": "Use", "add": "Add",
}  # fmt: skip
BENCH = 'class="q-bench"'
"""In the details of a model that can be measured."""
MOVING = ("running", "waiting", "elsewhere")
QUIET_STATES = ("in_use", "here", "absent", *MOVING)
"""States that the action says by itself."""


def row_html(
    row: ModelStatus,
    totals_mib: Mapping[str, int] | None = None,
    tags: Sequence[str] = (),
    more: str = "",
) -> str:
    """Return a model as an item of a list; `more` is what its details unfold."""
    card = row.card
    found = escape(f"{card.id} {card.name} {card.origin} {card.license}".lower(), quote=True)
    is_here = "1" if row.state in DOWNLOADED else "0"
    panel = f'<div class="q-more" data-key="more" hidden>{more}</div>' if more else ""
    return (
        f'<li class="q-model q-is-{row.state} m-{card.modality}" data-id="{escape(card.id, quote=True)}" '
        f'data-found="{found}" data-here="{is_here}">'
        f'<div class="q-m-name"><b>{escape(card.name)}</b>{_tags(row, tags)}'
        f"<p>{escape(about(card))}</p></div>"
        f'<span class="q-m-size">{_size(row)}</span>'
        f'<span class="q-m-speed">{_speed(row)}</span>'
        f'<div class="q-m-fit">{fit_html(row, totals_mib or {})}</div>'
        f'<div class="q-m-do">{_actions(row)}{_more_buttons(row, more)}</div>'
        f"{_why(row)}{panel}</li>"
    )  # fmt: skip


def found_html(found: FoundModel) -> str:
    """Return a model of another program as an item of the list."""
    name = escape(found.name, quote=True)
    note = f"<p>{escape(found.note)}</p>" if found.note else ""
    return (
        f'<li class="q-model" data-id="{name}" data-found="{name.lower()}" data-here="1">'
        f'<div class="q-m-name"><b>{escape(found.name.partition(":")[2])}</b>{note}</div>'
        f'<span class="q-m-size">{size_words(found.size_bytes)}</span>'
        f'<span class="q-m-speed">{escape(found.program)}</span><div class="q-m-fit"></div>'
        f'<div class="q-m-do">{_button("add", LABELS["add"], name)}</div></li>'
    )


def about(card: ModelCard) -> str:
    """The description's first sentence."""
    first, dot, _ = description(card).partition(". ")
    return first + dot.strip()


def description(card: ModelCard) -> str:
    """The description, without what the row says better."""
    return card.description.replace(" Downloaded on request; its memory is an estimate.", "")


def fit_html(row: ModelStatus, totals_mib: Mapping[str, int]) -> str:
    """Return what it needs of what is free, in words under a bar; grey is what others use now."""
    plan = row.plan
    if plan is None:
        return "<small>on another server</small>" if row.card.is_remote else ""
    free = max(0, plan.free_mib)
    words = {
        "fits": f"{memory_words(plan.need_mib)} of {_gb(free)} free",
        "fits_after_sleep": f"needs {memory_words(plan.need_mib)}: {_sleepers(plan.sleep)}",
        "cpu_only": f"{memory_words(plan.need_mib)} of {_gb(free)} free, on the CPU only",
        "too_large": f"needs {memory_words(plan.need_mib)}, at most {_gb(free)} can be free"
        + (f"; try {plan.instead[0]}" if plan.instead else ""),
    }[plan.outcome]
    kind = {"fits_after_sleep": ' class="q-warn"', "too_large": ' class="q-bad"'}
    small = f"<small{kind.get(plan.outcome, '')}>{escape(words)}</small>"
    total = totals_mib.get(plan.memory_device, 0)
    return f"{_bar(plan.need_mib, free, total)}{small}" if total > 0 else small


def _sleepers(names: Sequence[str]) -> str:
    return f"puts {' and '.join(names)} to sleep" if names else "once there is room"


def _gb(mib: float) -> str:
    return memory_words(mib).removesuffix(" GB")


def _bar(need_mib: float, free_mib: float, total_mib: float) -> str:
    used = max(0.0, 100 * (total_mib - free_mib) / total_mib)
    need = min(100 * need_mib / total_mib, 100 - min(used, 99))
    return (
        f'<div class="q-m-bar" aria-hidden="true"><i style="width:{used:.0f}%"></i>'
        f'<b style="width:{max(need, 1):.0f}%"></b></div>'
    )


def _tags(row: ModelStatus, tags: Sequence[str]) -> str:
    shown = [f'<span class="q-tag q-acc">{escape(tag)}</span>' for tag in tags]
    card = row.card
    if card.modality == "text" and card.source.startswith("package:"):
        shown.append('<span class="q-tag">demo</span>')
    if card.is_old and row.state == "absent":
        shown.append('<span class="q-tag">older</span>')
    if card.license_restricted:
        shown.append('<span class="q-tag">licence limits its use</span>')
    if row.state not in QUIET_STATES:
        kind = " q-bad" if row.state in ("failed", "broken") else " q-warn"
        shown.append(f'<span class="q-tag{kind}">{escape(row.words)}</span>')
    return "".join(shown)


def _size(row: ModelStatus) -> str:
    if row.size_mib and row.state not in UNDER_WAY:
        return memory_words(row.size_mib)
    num_bytes = download_bytes(row.card)
    return size_words(num_bytes) if num_bytes else ""


def _speed(row: ModelStatus) -> str:
    return escape(row.plan.speed_words) if row.plan is not None else ""


def _why(row: ModelStatus) -> str:
    """Why a download failed, or what a model waits for."""
    if not row.hint or row.state in READY_WITH_HINT:
        return ""
    role = ' role="alert"' if row.state == "failed" else ""
    return f'<p class="q-model-hint"{role}>{escape(row.hint)}</p>'


READY_WITH_HINT = ("in_use", "here")
"""Their hints are details."""


def _actions(row: ModelStatus) -> str:
    """One main action, and the bin where something can be deleted."""
    name = escape(row.card.name, quote=True)
    parts = []
    if row.state == "in_use":
        parts.append(f'<span class="q-tag q-ok">{icon("tick")}in use</span>')
    if row.state in MOVING:
        parts.append(_progress(row))
    if row.state == "here" and "use" not in row.actions:
        parts.append('<span class="q-tag q-ok">here</span>')
    parts += [_main(row, action, name) for action in row.actions if action != "remove"]
    if "remove" in row.actions:
        parts.append(_bin(row, name))
    return "".join(parts)


def _main(row: ModelStatus, action: str, name: str) -> str:
    if action == "download" and row.card.license_restricted:
        return _licence_question(row, name)
    label = "Try again" if (action, row.state) == ("resume", "failed") else LABELS[action]
    if action == "download" and is_too_large(row):
        label = "Get anyway"
    return _button(action, label, name)


def _button(action: str, label: str, name: str) -> str:
    kind = " q-link" if action == "pause" else ""
    return (
        f'<button type="button" class="q-b{kind}" data-action="{action}" '
        f'aria-label="{label} {name}">{label}</button>'
    )


def _bin(row: ModelStatus, name: str) -> str:
    what = "and forget it" if row.is_added else "from this machine"
    half = " what has arrived of" if row.state in ("paused", "failed") else ""
    ask = f"Delete{half} {name} {what}?"
    return (
        f'<button type="button" class="q-ib" data-action="remove" data-ask="{ask}" '
        f'aria-label="Delete {name}" title="Delete">{icon("bin")}</button>'
    )


def _more_buttons(row: ModelStatus, more: str) -> str:
    """The benchmark, where one can be made, and all details."""
    if not more:
        return ""
    name = escape(row.card.name, quote=True)
    bench = (
        f'<button type="button" class="q-ib q-m-bench" data-more="bench" '
        f'aria-label="Benchmark {name}" title="Benchmark">{icon("chart")}</button>'
    )
    details = (
        f'<button type="button" class="q-ib" data-more="all" aria-expanded="false" '
        f'aria-label="Details of {name}" title="Details">{icon("more")}</button>'
    )
    return (bench if BENCH in more else "") + details


def _licence_question(row: ModelStatus, name: str) -> str:
    """Show the licence first; accepting it is a button of its own."""
    return (
        '<details class="q-licence" data-key="licence"><summary class="q-b" '
        f'aria-label="Get {name}">Get …</summary><div><p>{escape(row.card.name)} is '
        f"under the {licence_link(row.card)}, which limits its use. Read it before you say yes.</p>"
        f'<button type="button" class="q-b q-go" data-action="accept" '
        f'aria-label="Accept the licence and get {name}">Accept and get</button></div></details>'
    )


def licence_link(card: ModelCard) -> str:
    """Return the licence's name, as a link where it has an address of the web."""
    text = escape(card.license)
    if card.license_url.startswith(("https://", "http://")):
        url = escape(card.license_url, quote=True)
        return f'<a href="{url}" target="_blank" rel="noreferrer">{text}</a>'
    return text


def _progress(row: ModelStatus) -> str:
    value = f' value="{row.percent}"' if row.percent is not None else ""
    words = escape(row.words)
    return (
        f'<div class="q-m-far"><progress max="100"{value} aria-label="{words}"></progress>'
        f"<small>{words}</small></div>"
    )
