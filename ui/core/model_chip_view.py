"""A tab's model → HTML: its name, and unfolded what else could do the work. Pure; everything is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from configs.catalogue import ModelCard
from ui.core.titles import TITLES
from workers.models.manager import ModelStatus
from workers.specs.spec import may_be_default

MAX_BETTER = 3
UNDER_WAY = ("running", "waiting", "elsewhere", "paused", "failed")
READY = ("in_use", "here", "remote")


def chip_html(card: ModelCard, rows: Sequence[ModelStatus], *, may_change: bool) -> str:
    """Return the chip; `rows`: the models of its modality, none while it is folded."""
    title = TITLES[card.modality]
    demo = '<span class="q-model-demo">small demo model</span>' if is_demo(card) else ""
    return (
        f'<details class="q-model-chip"><summary aria-label="{title} model: '
        f'{escape(card.name, quote=True)}"><i class="q-dot-{card.modality}" aria-hidden="true"></i>'
        f"<b>{escape(card.name)}</b>{demo}</summary>"
        f'<div class="q-model-pop">{_choices(card, rows, may_change)}</div></details>'
    )


def is_demo(card: ModelCard) -> bool:
    """Whether a card is the packaged text model, which is there so that something answers at once."""
    return card.modality == "text" and card.source.startswith("package:")


def _choices(card: ModelCard, rows: Sequence[ModelStatus], may_change: bool) -> str:
    if not rows:
        return '<p role="status">Looking what is here …</p>'
    own = [row for row in rows if row.card.modality == card.modality and may_be_default(row.card)]
    here = [row for row in own if row.state in READY]
    better = [row for row in own if row.state in UNDER_WAY]
    better += [row for row in own if _is_better(row)][:MAX_BETTER]
    groups = (("Here", here), ("Recommended, and fits", better))
    shown = "".join(_group(name, group, may_change) for name, group in groups if group)
    return (
        f'{shown}<button type="button" class="q-option" data-action="more">'
        "<b>More models …</b><span>Search, or add one of your own</span></button>"
    )


def _is_better(row: ModelStatus) -> bool:
    """Whether to suggest a model; one whose licence asks for a yes is left to the Models tab."""
    fits = row.plan is None or row.plan.outcome != "too_large"
    card = row.card
    return row.state == "absent" and card.recommended and fits and not card.license_restricted


def _group(name: str, rows: Sequence[ModelStatus], may_change: bool) -> str:
    options = "".join(_option(row, may_change) for row in rows)
    return f'<div role="group" aria-label="{name}"><h4>{name}</h4>{options}</div>'


def _option(row: ModelStatus, may_change: bool) -> str:
    action, label = _action(row)
    is_off = row.state == "in_use" or not may_change or not action
    off = " disabled" if is_off else ""
    return (
        f'<button type="button" class="q-option" data-action="{action}" '
        f'data-id="{escape(row.card.id, quote=True)}"{off}><b>{escape(row.card.name)}</b>'
        f"<span>{escape(_facts(row))}</span><em>{label}</em></button>"
    )


def _action(row: ModelStatus) -> tuple[str, str]:
    if row.state == "in_use":
        return "", "in use"
    if row.state in READY:
        return "use", "Use"
    if row.state in ("running", "waiting", "elsewhere"):
        return "", f"{row.percent} %" if row.percent is not None else escape(row.words)
    return "get", "Get" if row.state == "absent" else "Go on"


def _facts(row: ModelStatus) -> str:
    plan = row.plan
    size = f"{row.card.download_mib * 1.048576 / 1000:.1f} GB" if row.card.download_mib else ""
    parts = [
        size if row.state not in READY else "",
        plan.words if plan is not None else "on another server",
        plan.speed_words if plan is not None else "",
    ]
    return " · ".join(filter(None, parts))
