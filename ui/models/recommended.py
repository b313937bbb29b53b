"""The set for this machine → a card above all models: what it is, how far it is, its rows. Pure; escaped."""

from __future__ import annotations

from html import escape

from workers.messages.amounts import done_words, size_words
from workers.models.setup.progress import SetupProgress, time_words

from .details import details_html
from .rows import row_html
from .state import ModelsState

COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
HEADS = ("Model", "Download", "Speed here", "Memory (grey: in use now)", "")


def recommended_html(state: ModelsState) -> str:
    """Return the card; "" where no set is known."""
    setup = state.setup
    if setup is None or not setup.offer.models:
        return ""
    known = {row.card.id: row for row in state.rows}
    rows = [known.get(one.card.id, one.status) for one in setup.offer.models]
    best = rows[0].card.id
    items = "".join(
        row_html(
            row,
            state.totals_mib,
            tags=("best for this machine",) if row.card.id == best else (),
            more=details_html(row, state),
        )
        for row in rows
    )
    heads = "".join(f"<span>{name}</span>" for name in HEADS)
    left_out = "".join(f'<p class="q-m-note">{escape(text)}</p>' for text in setup.offer.left_out)
    return (
        '<section class="q-section q-recommended" data-key="recommended" aria-labelledby="q-m-first">'
        f'<div class="q-m-first"><h3 id="q-m-first">Recommended for this machine</h3>'
        f"<small>{escape(_about(setup))}</small>{_action(setup, state)}</div>{_far(setup, state)}"
        f'<div class="q-m-heads" aria-hidden="true">{heads}</div>'
        f'<ul class="q-models">{items}</ul>{left_out}</section>'
    )


def _about(setup: SetupProgress) -> str:
    num = len(setup.offer.models)
    return f"{COUNTS.get(num, num)} models, {size_words(setup.total_bytes)}, for: {setup.offer.machine}"


def _action(setup: SetupProgress, state: ModelsState) -> str:
    missing = setup.offer.missing
    if not missing:
        return '<span class="q-tag q-ok">all here</span>'
    if not state.may_change:
        return ""
    if setup.stage == "running":
        return '<button type="button" class="q-b" data-action="set-pause">Stop</button>'
    size = size_words(setup.offer.missing_bytes)
    if setup.stage in ("failed", "cut"):
        label = "Try again" if setup.stage == "failed" else f"Go on · {size}"
        return f'<button type="button" class="q-b q-go" data-action="set-start">{label}</button>'
    count = COUNTS.get(len(missing), str(len(missing)))
    which = f"all {count}" if len(missing) == len(setup.offer.models) else f"the other {count}"
    which = "the other one" if len(missing) == 1 else which
    if setup.offer.licences:
        label = f"Accept the licences and get {which} · {size}"
        return f'<button type="button" class="q-b q-go" data-action="set-accept">{label}</button>'
    return f'<button type="button" class="q-b q-go" data-action="set-start">Get {which} · {size}</button>'


def _far(setup: SetupProgress, state: ModelsState) -> str:
    if setup.stage == "running":
        done = setup.total_bytes - setup.offer.missing_bytes
        left = time_words(setup.left_s)
        words = done_words(done, setup.total_bytes) + (f" · {left} left" if left else "")
        return (
            f'<div class="q-m-set"><progress max="1" value="{setup.fraction:.3f}" '
            f'aria-label="Of the set for this machine"></progress><small>{words}</small></div>'
        )
    if setup.stage == "failed" and setup.problem is not None and state.may_change:
        return f'<p class="q-model-hint q-failed" role="alert">{escape(str(setup.problem))}</p>'
    return ""
