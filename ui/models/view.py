"""Models → HTML for the Models tab. Pure: no gradio, no disk; everything is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ui.core.titles import TITLES
from workers.messages import MODALITIES
from workers.messages.amounts import memory_words
from workers.models.manager import FoundModel, ModelStatus, Quantization

from .rows import COLOURS, DOWNLOADED, found_html, row_html

NOTHING_FITS = "No model like this. Try another word, or add one above by its name on the hub."
WIDTH_COLUMNS = ("Quantisation", "Size", "Whether it fits", "Speed", "File")
LOADING = '<p class="q-empty" role="status">Looking what is here …</p>'


def models_html(
    rows: Sequence[ModelStatus],
    left_out: Sequence[str] = (),
    advice: Sequence[str] = (),
    found: Sequence[FoundModel] = (),
) -> str:
    """Return a section per modality; what is used, under way or here comes first in each.

    Above them the models of other programs, what is said of cards that cannot be used, and what would make models faster.
    """
    hints = "".join(f'<p class="q-model-hint" role="alert">{escape(text)}</p>' for text in left_out)
    hints += "".join(f'<p class="q-model-hint">{escape(text)}</p>' for text in advice)
    if not rows:
        return f'{hints}<p class="q-empty">{escape(NOTHING_FITS)}</p>'
    sections = "".join(_section(name, rows) for name in MODALITIES)
    return hints + _found_section(found) + sections


def _found_section(found: Sequence[FoundModel]) -> str:
    """What other programs keep here, to be added with one click."""
    if not found:
        return ""
    return (
        '<section class="q-models-found" data-modality="found" aria-labelledby="models-found-title">'
        '<h3 id="models-found-title">Found on this machine '
        f"<small>{len(found)} of other programs, used where they lie</small></h3>"
        f'<ul class="q-models">{"".join(map(found_html, found))}</ul></section>'
    )


def _section(modality: str, rows: Iterable[ModelStatus]) -> str:
    own = sorted((row for row in rows if row.card.modality == modality), key=_rank)
    if not own:
        return ""
    num_here = sum(row.state in ("in_use", "here") for row in own)
    title = f"models-{modality}"
    return (
        f'<section class="q-models-{modality}" data-modality="{modality}" aria-labelledby="{title}">'
        f'<h3 id="{title}"><i class="q-{modality}" aria-hidden="true"></i>{TITLES[modality]} '
        f"<small>{num_here} of {len(own)} here</small></h3>"
        f'<ul class="q-models">{"".join(map(row_html, own))}</ul></section>'
    )


def _rank(row: ModelStatus) -> tuple[int, bool, bool, bool, int]:
    place = DOWNLOADED.index(row.state) if row.state in DOWNLOADED else len(DOWNLOADED)
    is_remote = row.card.is_remote
    is_hard = (
        row.plan is not None and row.plan.outcome == "too_large"
    ) or row.card.license_restricted
    return place, not row.card.recommended, is_remote, is_hard, row.card.memory_mib


def proposal_html(row: ModelStatus, widths: Sequence[Quantization] = ()) -> str:
    """What a model that could be added is, before anything of it is fetched."""
    card = row.card
    kind = TITLES[card.modality]
    return (
        f'<div class="q-proposal q-models-{card.modality}"><p>This is a model for <b>{kind}</b>. '
        f"Its name here would be <code>{escape(card.id)}</code>.</p>"
        f'<ul class="q-models">{row_html(row)}</ul>{_widths_html(widths)}</div>'
    )


def _widths_html(widths: Sequence[Quantization]) -> str:
    """Each quantisation of the repository with its size and plan; one alone is no choice."""
    if len(widths) <= 1:
        return ""
    heads = "".join(f'<th scope="col">{name}</th>' for name in WIDTH_COLUMNS)
    return (
        '<table class="q-widths"><caption>Quantisations of this repository. For another one, write '
        f"its file after the repository's name and a colon.</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{''.join(map(_width_row, widths))}</tbody></table>"
    )


def _width_row(one: Quantization) -> str:
    """A phone shows its cells one below the other, so each says what it is without a head."""
    mark = ' <span class="q-badge q-badge-first">would be taken</span>' if one.is_chosen else ""
    plan, speed = (one.plan.words, one.plan.speed_words) if one.plan else ("", "")
    colour = COLOURS[one.plan.outcome] if one.plan else ""
    return (
        f'<tr class="{"q-chosen" if one.is_chosen else ""}">'
        f'<th scope="row">{escape(one.label)}{mark}</th><td>{memory_words(one.size_mib)}</td>'
        f'<td class="q-fit {colour}">{escape(plan[:1].upper() + plan[1:])}</td><td>{escape(speed)}</td>'
        f"<td><code>{escape(one.file)}</code></td></tr>"
    )


def shell_html() -> str:
    """Return the frame of the list, which is never redrawn."""
    chips = "".join(
        f'<button type="button" class="q-models-chip" data-modality="{name}" '
        f'aria-pressed="{"false" if name else "true"}">{title}</button>'
        for name, title in {"": "All", **TITLES}.items()
    )
    return (
        f'<div class="q-models-bar"><div class="q-models-chips" role="group" '
        f'aria-label="Show models for">{chips}</div>'
        '<input type="search" class="q-models-search" placeholder="Search by name, maker or licence" '
        'aria-label="Search models"><label class="q-models-only">'
        '<input type="checkbox" class="q-models-here"> Downloaded</label>'
        '<label class="q-models-only"><input type="checkbox" class="q-models-old"> '
        "Older models</label></div>"
        f'<div class="q-models-list" aria-live="off">{LOADING}</div>'
        f'<p class="q-empty q-models-none" hidden>{NOTHING_FITS}</p>'
    )
