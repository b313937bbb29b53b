"""A tab's model → HTML: its name, what is on its way, and unfolded what else could do the work. Pure; escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from configs.catalogue import ModelCard
from ui.core.icons import icon
from ui.core.titles import TITLES
from workers.messages import Modality
from workers.messages.amounts import size_words
from workers.models.manager import ModelStatus
from workers.models.setup.getting import Fetching
from workers.models.setup.offer import download_bytes
from workers.models.setup.progress import fetching_words
from workers.specs.spec import may_be_default

DEMO = (
    '<span class="q-model-demo"><span class="q-wide">small </span>demo'
    '<span class="q-wide"> model</span></span>'
)
"""On a phone "demo"."""
MAX_BETTER = 3
RUNNING = ("running", "waiting", "elsewhere")
UNDER_WAY = (*RUNNING, "paused", "failed")
READY = ("in_use", "here", "remote")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipState:
    """What one tab's chip shows."""

    modality: Modality
    card: ModelCard
    """The model that works on the tab."""
    rows: Sequence[ModelStatus] = ()
    """All models; none while the chip is folded."""
    recommended: Sequence[str] = ()
    """Ids, the best for this machine first."""
    coming: Fetching | None = None
    """What is used here as soon as it has come, or could not be had."""
    broken: str = ""
    """Why the model could not be loaded."""
    not_kept: str = ""
    """Why the model works here until Quintet ends only."""
    better: ModelStatus | None = None
    """What is recommended here in place of the demo model."""
    may_change: bool = False


def chip_html(state: ChipState) -> str:
    """Return the chip."""
    title, card = TITLES[state.modality], state.card
    demo = DEMO if is_demo(card) else ""
    kind = " q-demo" if demo else ""
    return (
        f'<div class="q-sub-line"><details class="q-model-chip"><summary class="m-{state.modality}{kind}">'
        f'<i class="q-dot" aria-hidden="true"></i><span class="q-sr">{title} model: </span>'
        f"<b>{escape(card.name)}</b>{demo}{icon('down')}</summary>"
        f'<div class="q-model-pop">{_choices(state)}</div></details>{_better_link(state)}</div>'
        f"{_line(state)}"
    )


def _better_link(state: ChipState) -> str:
    """Beside the demo model: "Get a better one: Qwen3.5 4B, 3.4 GB"."""
    row = state.better
    if row is None or not state.may_change or state.coming is not None or not is_demo(state.card):
        return ""
    action, verb = _action(row, state)
    if not action:
        return ""
    size = f", {size_words(download_bytes(row.card))}" if action == "get" else ""
    words = f"{verb} a better one: {row.card.name}{size}"
    return (
        f'<button type="button" class="q-better" data-action="{action}" '
        f'data-id="{escape(row.card.id, quote=True)}">{escape(words)}{icon("next")}</button>'
    )


def is_demo(card: ModelCard) -> bool:
    """Whether a card is the packaged text model, which is there so that something answers at once."""
    return card.modality == "text" and card.source.startswith("package:")


def _line(state: ChipState) -> str:
    """What is on its way, or why it is not."""
    words = f"Until Quintet ends: {state.not_kept}."
    note = f'<p class="q-model-line">{escape(words)}</p>' if state.not_kept else ""
    if state.broken:
        note += f'<p class="q-model-line q-model-failed" role="alert">{escape(state.broken)}</p>'
    coming = state.coming
    if coming is None:
        return note
    name = f"<b>{escape(coming.card.name)}</b>"
    if coming.problem:
        retry = (
            f' <button type="button" class="q-do" data-action="get" '
            f'data-id="{escape(coming.card.id, quote=True)}">Try again</button>'
        )
        why = f": {escape(coming.problem)}{retry}" if state.may_change else "."
        return (
            f'{note}<p class="q-model-line q-model-failed" role="alert">{name} is not used{why}</p>'
        )
    value = f' value="{coming.percent}"' if coming.percent is not None else ""
    return (
        f'{note}<div class="q-model-line q-model-coming"><p>Fetching {name}: {escape(fetching_words(coming))}. '
        f'It is used as soon as it is here.</p><progress max="100"{value} '
        f'aria-label="Of {escape(coming.card.name, quote=True)}"></progress></div>'
    )


def _choices(state: ChipState) -> str:
    if not state.rows:
        return '<p role="status">Looking what is here …</p>'
    own = [
        row for row in state.rows if row.card.serves(state.modality) and may_be_default(row.card)
    ]
    here = sorted(
        (row for row in own if row.state in READY), key=lambda row: not _works(row, state)
    )
    better = [row for row in own if row.state in UNDER_WAY]
    better += _better(own, state.recommended)[:MAX_BETTER]
    groups = (("On this machine", here), ("Better, and fits", better))
    shown = "".join(_group(name, group, state) for name, group in groups if group)
    return (
        f'{shown}<button type="button" class="q-option" data-action="more">'
        f"<b>More models</b><span>Search, or add one of your own</span>{icon('next')}</button>"
    )


def _better(own: Sequence[ModelStatus], recommended: Sequence[str]) -> list[ModelStatus]:
    """What to suggest, the best for this machine first.

    One whose licence asks for a yes is left to the Models tab.
    """
    known = {row.card.id: row for row in own}
    rows = [known[model_id] for model_id in recommended if model_id in known]
    rows += [row for row in own if row.card.recommended and row not in rows]
    return [row for row in rows if row.state == "absent" and _fits(row)]


def _fits(row: ModelStatus) -> bool:
    is_too_large = row.plan is not None and row.plan.outcome == "too_large"
    return not is_too_large and not row.card.license_restricted


def _works(row: ModelStatus, state: ChipState) -> bool:
    return row.card.id == state.card.id


def _group(name: str, rows: Sequence[ModelStatus], state: ChipState) -> str:
    options = "".join(_option(row, state) for row in rows)
    return f'<div role="group" aria-label="{name}"><h2>{name}</h2>{options}</div>'


def _option(row: ModelStatus, state: ChipState) -> str:
    action, label = _action(row, state)
    is_used = _works(row, state)
    tick, mark = (' class="q-ok"', icon("tick")) if is_used else ("", "")
    off = " disabled" if not state.may_change or not action else ""
    return (
        f'<button type="button" class="q-option" data-action="{action}" '
        f'data-id="{escape(row.card.id, quote=True)}"{off}><b>{escape(row.card.name)}</b>'
        f"<span>{escape(_facts(row, state))}</span><em{tick}>{mark}{label}</em></button>"
    )


def _action(row: ModelStatus, state: ChipState) -> tuple[str, str]:
    """What a click does, and its word; ("", …) for nothing."""
    if _works(row, state):
        return "", "in use"
    if row.state in READY:
        return "use", "Use"
    if row.state not in RUNNING:
        return "get", {"absent": "Get", "failed": "Try again"}.get(row.state, "Go on")
    far = f"{row.percent} %" if row.percent is not None else escape(row.words)
    is_coming = state.coming is not None and state.coming.card.id == row.card.id
    return ("", far) if is_coming else ("get", f"{far}, then use")


def _facts(row: ModelStatus, state: ChipState) -> str:
    plan = row.plan
    num_bytes = download_bytes(row.card)
    size = size_words(num_bytes) if num_bytes else ""
    parts = [
        size if row.state not in READY else "",
        "answers in Text too" if row.card.modality != state.modality else "",
        plan.words if plan is not None else "on another server",
        plan.speed_words if plan is not None else "",
        row.hint if row.state == "failed" else "",
    ]
    return " · ".join(filter(None, parts))
