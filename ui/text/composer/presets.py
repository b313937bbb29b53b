"""The drawer's presets: chips that set all knobs at once, and a box to keep the knobs under a name. Pure; escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from ui.core.icons import icon
from workers.personas.records import SamplingPreset


def presets_html(presets: Iterable[SamplingPreset], sampling: Mapping[str, Any]) -> str:
    """Return the chips; the one that the chat's sampling is stands pressed."""
    said = {name: value for name, value in sampling.items() if value is not None}
    chips = "".join(_chip(one, is_on=dict(one.sampling) == said) for one in presets)
    return (
        f'<div class="q-chips-row" role="group" aria-label="Presets of sampling">{chips}'
        '<button type="button" class="q-chip" data-keep="preset">Save as …</button></div>'
    )


def _chip(preset: SamplingPreset, *, is_on: bool) -> str:
    name, record_id = escape(preset.name), escape(preset.id)
    chip = (
        f'<button type="button" class="q-chip" data-act="preset" data-id="{record_id}" '
        f'aria-pressed="{str(is_on).lower()}" title="{escape(preset.description)}">{name}</button>'
    )
    if not preset.is_own:
        return chip
    return (
        f'<span class="q-chip-own">{chip}<button type="button" class="q-chip q-chip-bin" '
        f'data-act="preset-delete" data-id="{record_id}" aria-label="Delete {name}" '
        f'title="Delete {name}">{icon("close")}</button></span>'
    )
