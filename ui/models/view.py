"""All models → HTML: the recommended ones first, then a fold per modality, in it a fold by family. Pure; escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ui.core.icons import icon
from ui.core.titles import TITLES
from workers.messages import MODALITIES, Modality
from workers.models.manager import ModelStatus

from .details import details_html
from .recommended import recommended_html
from .rows import MOVING, found_html, row_html
from .state import READY, ModelsState, section_of

NOTHING_FITS = "No model like this. Try another word, or add one by its name on the hub."
LOADING = '<p class="q-empty" role="status">Looking what is here …</p>'
GOES_ON = '<p class="q-m-note" role="status">Downloads go on if this page is closed.</p>'


def models_html(state: ModelsState) -> str:
    """Return the tab's content below its head."""
    hints = "".join(_hint(text, is_alert=True) for text in state.left_out)
    advice = "".join(map(_hint, state.advice))
    if not state.rows:
        return f'{hints}<p class="q-empty">{escape(NOTHING_FITS)}</p>{advice}'
    goes_on = GOES_ON if any(row.state in MOVING for row in state.rows) else ""
    sections = "".join(_section(name, state) for name in MODALITIES)
    return (
        _sum(state) + hints + goes_on + recommended_html(state) + _found(state) + sections + advice
    )


def _sum(state: ModelsState) -> str:
    """The line of the head, which stands elsewhere and is filled by the script."""
    num_here = sum(row.state in READY for row in state.rows)
    words = f"{state.machine}. {num_here} of {len(state.rows)} are on this machine."
    return f'<p class="q-m-sum" hidden>{escape(words.removeprefix(". "))}</p>'


def _hint(text: str, *, is_alert: bool = False) -> str:
    role = ' role="alert"' if is_alert else ""
    return f'<p class="q-model-hint"{role}>{escape(text)}</p>'


def _found(state: ModelsState) -> str:
    """What other programs keep here, to be added with one click."""
    if not state.found:
        return ""
    count = f"{len(state.found)} of other programs, used where they lie"
    rows = "".join(map(found_html, state.found))
    return _fold("found", "Found on this machine", count, "", f'<ul class="q-models">{rows}</ul>')


def _section(modality: Modality, state: ModelsState) -> str:
    every = [row for row in state.rows if row.card.modality == modality]
    if not every:
        return ""
    taken = set(state.set_ids)
    first, families = section_of([row for row in every if row.card.id not in taken])
    used = " and ".join(row.card.name for row in every if row.state == "in_use")
    count = f"{sum(row.state in READY for row in every)} here of {len(every)}"
    inside = _list(first, state) + _by_family(families, state)
    about = f"{used} in use" if used else "answered by the model of another tab"
    return _fold(modality, TITLES[modality], count, about, inside)


def _fold(key: str, title: str, count: str, about: str, inside: str) -> str:
    is_open = " open" if key in ("text", "found") else ""
    dot = '<i class="q-m-dot" aria-hidden="true"></i>' if key in MODALITIES else ""
    return (
        f'<details class="q-section m-{key}" data-key="{key}"{is_open}><summary>{icon("next")}{dot}'
        f"<h3>{title}</h3><small>{escape(about)}</small><small>{count}</small></summary>{inside}</details>"
    )


def _by_family(families: dict[str, list[ModelStatus]], state: ModelsState) -> str:
    if not families:
        return ""
    num = sum(map(len, families.values()))
    groups = "".join(
        f'<section data-key="{escape(name, quote=True)}"><h4>{escape(name)}</h4>{_list(rows, state)}</section>'
        for name, rows in families.items()
    )
    return (
        f'<details class="q-families" data-key="families"><summary>Show {num} more, by family</summary>'
        f"{groups}</details>"
    )


def _list(rows: Sequence[ModelStatus], state: ModelsState) -> str:
    items = (row_html(row, state.totals_mib, more=details_html(row, state)) for row in rows)
    return f'<ul class="q-models">{"".join(items)}</ul>' if rows else ""


def head_html() -> str:
    """Return the tab's head: its name, what machine this is, the search. Never redrawn."""
    return (
        '<div class="q-m-head"><div><h2>Models</h2><p class="q-m-machine"></p></div>'
        '<div class="q-m-tools"><label class="q-m-search">'
        f'{icon("search")}<input type="search" class="q-models-search" aria-label="Search models" '
        'placeholder="Name, maker or licence" autocomplete="off"></label>'
        '<button type="button" class="q-b q-models-here" aria-pressed="false">Downloaded only</button>'
        f'<button type="button" class="q-b q-models-add">{icon("add")}Add a model</button></div></div>'
    )


def shell_html() -> str:
    """Return the frame of the list, which is never redrawn."""
    return (
        f'<div class="q-models-list" aria-live="off">{LOADING}</div>'
        f'<p class="q-empty q-models-none" hidden>{NOTHING_FITS}</p>'
    )
