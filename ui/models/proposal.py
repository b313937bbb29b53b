"""A model that could be added → HTML: what it is, and what widths there are of it. Pure; escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ui.core.titles import TITLES
from workers.messages.amounts import memory_words
from workers.models.manager import ModelStatus, Quantization
from workers.models.prices import price_text

from .details import details_html
from .rows import row_html
from .state import ModelsState

WIDTH_COLUMNS = ("Quantisation", "Size", "Whether it fits", "Speed", "File")
COLOURS = {"fits": "q-ok", "fits_after_sleep": "q-after", "cpu_only": "q-cpu", "too_large": "q-no"}
"""Of a plan's outcome."""


def proposal_html(row: ModelStatus, widths: Sequence[Quantization] = ()) -> str:
    """What a model that could be added is, before anything of it is fetched."""
    card = row.card
    facts = details_html(row, ModelsState())
    price = price_text(card)
    said = (
        f"<p>Its price: {escape(price)}, of a million tokens read / written.</p>" if price else ""
    )
    return (
        f'<div class="q-proposal"><p>This is a model for <b>{TITLES[card.modality]}</b>. '
        f"Its name here would be <code>{escape(card.id)}</code>.</p>{said}"
        f'<ul class="q-models q-section">{row_html(row)}</ul><div class="q-proposal-facts">{facts}</div>'
        f"{_widths_html(widths)}</div>"
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
    mark = ' <span class="q-tag q-acc">would be taken</span>' if one.is_chosen else ""
    plan, speed = (one.plan.words, one.plan.speed_words) if one.plan else ("", "")
    colour = COLOURS[one.plan.outcome] if one.plan else ""
    return (
        f'<tr class="{"q-chosen" if one.is_chosen else ""}">'
        f'<th scope="row">{escape(one.label)}{mark}</th><td>{memory_words(one.size_mib)}</td>'
        f'<td class="q-fit {colour}">{escape(plan[:1].upper() + plan[1:])}</td><td>{escape(speed)}</td>'
        f"<td><code>{escape(one.file)}</code></td></tr>"
    )
