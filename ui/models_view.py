"""Models → HTML for the Models tab. Pure: no gradio, no disk; everything is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from configs.catalogue import ModelCard
from workers.messages import MODALITIES
from workers.pool.memory.plan import Plan
from workers.specs.spec import spec_of

from .core.titles import TITLES as TITLES

State = Literal[
    "in_use", "here", "absent", "running", "waiting", "elsewhere", "paused", "failed",
    "needs_environment", "needs_key", "needs_package", "broken", "remote",
]  # fmt: skip

COLOURS = {"fits": "q-ok", "fits_after_sleep": "q-after", "cpu_only": "q-cpu", "too_large": "q-no"}
"""Of a plan's outcome."""
_ACTIVE = ("running", "waiting", "elsewhere", "paused", "failed")
_ORDER = ("in_use", *_ACTIVE, "here")
_WORDS = {
    "in_use": "in use",
    "here": "here",
    "absent": "not downloaded",
    "needs_environment": "needs an environment",
    "needs_key": "needs a key",
    "needs_package": "needs a package",
    "broken": "not found",
    "remote": "on another server",
}
NOTHING_FITS = "No model like this. Try another word, or add one above by its name on the hub."


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One model as it stands now."""

    card: ModelCard
    state: State
    words: str = ""
    """The state for people, if it says more than its kind: "paused at 37 %"."""
    percent: int | None = None
    hint: str = ""
    """What to do about the state: a command, or why a download failed."""
    size_mib: int = 0
    """On this disk; 0 while nothing of it is here."""
    plan: Plan | None = None
    """None where nothing has to be loaded here."""
    actions: tuple[str, ...] = ()
    """Of use, download, pause, resume, remove; the licence is shown before a restricted download."""
    is_added: bool = False


def models_html(rows: Sequence[ModelRow], left_out: Sequence[str] = ()) -> str:
    """Return a section per modality; what is used, under way or here comes first in each.

    Above them what is said of cards that cannot be used.
    """
    told = "".join(f'<p class="q-model-hint" role="alert">{escape(text)}</p>' for text in left_out)
    if not rows:
        return f'{told}<p class="q-empty">{escape(NOTHING_FITS)}</p>'
    return told + "".join(_section(name, rows) for name in MODALITIES)


def _section(modality: str, rows: Iterable[ModelRow]) -> str:
    own = sorted((row for row in rows if row.card.modality == modality), key=_rank)
    if not own:
        return ""
    num_here = sum(row.state in ("in_use", "here") for row in own)
    title = f"models-{modality}"
    return (
        f'<section class="q-models-{modality}" data-modality="{modality}" aria-labelledby="{title}">'
        f'<h3 id="{title}"><i class="q-{modality}" aria-hidden="true"></i>{TITLES[modality]} '
        f"<small>{num_here} of {len(own)} here</small></h3>"
        f'<ul class="q-models">{"".join(map(_row, own))}</ul></section>'
    )


def _rank(row: ModelRow) -> tuple[int, bool, bool, bool, int]:
    place = _ORDER.index(row.state) if row.state in _ORDER else len(_ORDER)
    is_remote = row.card.source.startswith("remote:")
    is_hard = (
        row.plan is not None and row.plan.outcome == "too_large"
    ) or row.card.license_restricted
    return place, not row.card.recommended, is_remote, is_hard, row.card.memory_mib


def _row(row: ModelRow) -> str:
    card = row.card
    found = escape(f"{card.id} {card.name} {card.origin} {card.license}".lower(), quote=True)
    is_here = "1" if row.state in _ORDER else "0"
    return (
        f'<li class="q-model q-is-{row.state}" data-id="{escape(card.id, quote=True)}" '
        f'data-found="{found}" data-here="{is_here}">'
        f'<div class="q-model-head"><b>{escape(card.name)}</b>{_badge(row)}</div>'
        f'<p class="q-model-facts">{_facts(row)}</p>'
        f'<p class="q-model-about">{escape(_about(card))}</p>{_hint(row)}'
        f'<div class="q-model-side">{_plan(row)}<div class="q-model-do">{_buttons(row)}</div></div>'
        f"{_bar(row)}</li>"
    )


def _badge(row: ModelRow) -> str:
    words = escape(row.words or _WORDS.get(row.state, row.state))
    badge = f'<span class="q-badge q-badge-{row.state}">{words}</span>'
    if row.card.recommended and row.state == "absent":
        badge = f'<span class="q-badge q-badge-first">recommended</span>{badge}'
    return badge


def _about(card: ModelCard) -> str:
    """The description without what the row says better."""
    return card.description.replace(" Downloaded on request; its memory is an estimate.", "")


def _facts(row: ModelRow) -> str:
    card = row.card
    size = f"{gib(row.size_mib)} on disk" if row.size_mib else ""
    if not size and card.download_mib:
        size = f"{gib(card.download_mib)} to download"
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


def _hint(row: ModelRow) -> str:
    if not row.hint:
        return ""
    role = ' role="alert"' if row.state == "failed" else ""
    return f'<p class="q-model-hint"{role}>{escape(row.hint)}</p>'


def _plan(row: ModelRow) -> str:
    """The plan in words; unfolded, its numbers."""
    if row.plan is None:
        return ""
    words = row.plan.words + (f", try {row.plan.instead[0]}" if row.plan.instead else "")
    return (
        f'<details class="q-plan {COLOURS[row.plan.outcome]}" data-key="plan">'
        f"<summary>{escape(words[:1].upper() + words[1:])}</summary>"
        f"<p>{escape(str(row.plan))}</p></details>"
    )


def _buttons(row: ModelRow) -> str:
    return "".join(_button(row, action) for action in row.actions)


def _button(row: ModelRow, action: str) -> str:
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


def _licence_question(row: ModelRow, name: str) -> str:
    """Show the licence first; the yes is a button of its own."""
    return (
        '<details class="q-licence" data-key="licence"><summary class="q-do q-main" '
        f'aria-label="Download {name}">Download …</summary><div><p>{escape(row.card.name)} is '
        f"under the {_licence_link(row.card)}, which limits its use. Read it before you say yes.</p>"
        f'<button type="button" class="q-do q-main" data-action="accept" '
        f'aria-label="Accept the licence and download {name}">Accept and download</button></div>'
        "</details>"
    )


def _bar(row: ModelRow) -> str:
    if row.state not in _ACTIVE or row.percent is None:
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


def gib(mib: float) -> str:
    """2,350 → "2.3 GiB", 94 → "94 MiB"."""
    return f"{mib / 1024:.1f} GiB" if mib >= 1000 else f"{mib:.0f} MiB"


def proposal_html(row: ModelRow) -> str:
    """What a model that could be added is, before anything of it is fetched."""
    card = row.card
    kind = TITLES[card.modality]
    return (
        f'<div class="q-proposal q-models-{card.modality}"><p>This is a model for <b>{kind}</b>. '
        f'Its name here would be <code>{escape(card.id)}</code>.</p><ul class="q-models">{_row(row)}'
        "</ul></div>"
    )


LOADING = '<p class="q-empty" role="status">Looking what is here …</p>'
