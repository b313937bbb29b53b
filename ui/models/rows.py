"""One model → HTML for its row. Pure: no gradio, no disk; everything is escaped."""

from __future__ import annotations

from html import escape

from configs.catalogue import ModelCard
from workers.messages.amounts import memory_words, size_words
from workers.models.manager import FoundModel, ModelStatus
from workers.specs.spec import spec_of

COLOURS = {"fits": "q-ok", "fits_after_sleep": "q-after", "cpu_only": "q-cpu", "too_large": "q-no"}
"""Of a plan's outcome."""
UNDER_WAY = ("running", "waiting", "elsewhere", "paused", "failed")
DOWNLOADED = ("in_use", *UNDER_WAY, "here")
"""States in which at least a part is downloaded, in the order of the list."""


def row_html(row: ModelStatus) -> str:
    """Return a model as an item of the list."""
    card = row.card
    found = escape(f"{card.id} {card.name} {card.origin} {card.license}".lower(), quote=True)
    is_here = "1" if row.state in DOWNLOADED else "0"
    is_old = "1" if card.is_old and row.state not in DOWNLOADED else "0"
    return (
        f'<li class="q-model q-is-{row.state}" data-id="{escape(card.id, quote=True)}" '
        f'data-found="{found}" data-here="{is_here}" data-old="{is_old}">'
        f'<div class="q-model-head"><b>{escape(card.name)}</b>{_badge(row)}</div>'
        f'<p class="q-model-facts">{_facts(row)}</p>'
        f'<p class="q-model-about">{escape(_about(card))}</p>{_hint(row)}{_runs(row)}'
        f'<div class="q-model-side">{_plan(row)}<div class="q-model-do">{_buttons(row)}</div></div>'
        f"{_bar(row)}</li>"
    )


def found_html(found: FoundModel) -> str:
    """Return a model of another program as an item of the list."""
    name = escape(found.name, quote=True)
    note = f'<p class="q-model-about">{escape(found.note)}</p>' if found.note else ""
    return (
        f'<li class="q-model" data-id="{name}" data-found="{name.lower()}" data-here="1">'
        f'<div class="q-model-head"><b>{escape(found.name.partition(":")[2])}</b></div>'
        f'<p class="q-model-facts">{size_words(found.size_bytes)} · {escape(found.program)}</p>'
        f'{note}<div class="q-model-side"><div class="q-model-do">'
        f'<button type="button" class="q-do q-main" data-action="add" aria-label="Add {name}">Add'
        "</button></div></div></li>"
    )


def _badge(row: ModelStatus) -> str:
    words = escape(row.words)
    badge = f'<span class="q-badge q-badge-{row.state}">{words}</span>'
    if row.card.recommended and row.state == "absent":
        badge = f'<span class="q-badge q-badge-first">recommended</span>{badge}'
    return badge


def _about(card: ModelCard) -> str:
    """The description without what the row says better."""
    return card.description.replace(" Downloaded on request; its memory is an estimate.", "")


def _facts(row: ModelStatus) -> str:
    card = row.card
    size = f"{memory_words(row.size_mib)} on disk" if row.size_mib else ""
    if not size and card.download_mib:
        size = f"{memory_words(card.download_mib)} to download"
    parts = [
        _parameters(card.parameters_m),
        card.quantization.upper() if card.quantization not in ("none", "unknown") else "",
        size,
        _engine(card),
    ]
    plain = " · ".join(escape(part) for part in parts if part)
    return f"{plain} · {_licence(card)}" if plain else _licence(card)


def _engine(card: ModelCard) -> str:
    spec = spec_of(card)
    return spec.title if spec is not None else card.engine


def _licence(card: ModelCard) -> str:
    mark = ' <span class="q-limited">limits its use</span>' if card.license_restricted else ""
    return _licence_link(card) + mark


def _licence_link(card: ModelCard) -> str:
    text = escape(card.license)
    if card.license_url.startswith(("https://", "http://")):
        url = escape(card.license_url, quote=True)
        return f'<a href="{url}" target="_blank" rel="noreferrer">{text}</a>'
    return text


def _hint(row: ModelStatus) -> str:
    if not row.hint:
        return ""
    role = ' role="alert"' if row.state == "failed" else ""
    return f'<p class="q-model-hint"{role}>{escape(row.hint)}</p>'


def _runs(row: ModelStatus) -> str:
    """How it runs here, folded: of interest to few."""
    context = f"context: {row.context}" if row.context else ""
    runs = row.runs if row.state in ("in_use", "here") else ""
    lines = "".join(
        f"<p>{escape(text[:1].upper() + text[1:])}</p>" for text in (context, runs) if text
    )
    if not lines:
        return ""
    return (
        '<details class="q-runs" data-key="runs"><summary>How it runs here</summary>'
        f"{lines}</details>"
    )


def _plan(row: ModelStatus) -> str:
    """The plan in words; unfolded, its numbers."""
    if row.plan is None:
        return ""
    words = row.plan.words + (f", try {row.plan.instead[0]}" if row.plan.instead else "")
    words += f" · {row.plan.speed_words}" if row.plan.speed_words else ""
    return (
        f'<details class="q-plan {COLOURS[row.plan.outcome]}" data-key="plan">'
        f"<summary>{escape(words[:1].upper() + words[1:])}</summary>"
        f"<p>{escape(str(row.plan))}</p></details>"
    )


def _buttons(row: ModelStatus) -> str:
    return "".join(_button(row, action) for action in row.actions)


def _button(row: ModelStatus, action: str) -> str:
    name = escape(row.card.name, quote=True)
    if action == "download" and row.card.license_restricted:
        return _licence_question(row, name)
    label = "Try again" if (action, row.state) == ("resume", "failed") else action.capitalize()
    main = " q-main" if action in ("use", "download", "resume") else ""
    ask = ""
    if action == "remove":
        what = "and forget" if row.is_added else "from this machine"
        ask = f' data-ask="Remove {name} {what}?"'
    return (
        f'<button type="button" class="q-do{main}" data-action="{action}"{ask} '
        f'aria-label="{label} {name}">{label}</button>'
    )


def _licence_question(row: ModelStatus, name: str) -> str:
    """Show the licence first; accepting it is a button of its own."""
    return (
        '<details class="q-licence" data-key="licence"><summary class="q-do q-main" '
        f'aria-label="Download {name}">Download …</summary><div><p>{escape(row.card.name)} is '
        f"under the {_licence_link(row.card)}, which limits its use. Read it before you say yes.</p>"
        f'<button type="button" class="q-do q-main" data-action="accept" '
        f'aria-label="Accept the licence and download {name}">Accept and download</button></div>'
        "</details>"
    )


def _bar(row: ModelStatus) -> str:
    if row.state not in UNDER_WAY or row.percent is None:
        return ""
    label = escape(row.words, quote=True)
    return (
        f'<progress class="q-model-bar" max="100" value="{row.percent}" '
        f'aria-label="{label}"></progress>'
    )


def _parameters(millions: float) -> str:
    if millions <= 0:
        return ""
    return f"{millions / 1000:.1f} B" if millions >= 1000 else f"{millions:.0f} M"
