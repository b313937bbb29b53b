"""The sheet with all personas: a list, and the editor of one. Pure; escaped.

`assets/personas.js` opens it, and sends what is clicked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ui.core.icons import icon, icon_button
from workers.personas.portable import as_text, file_name
from workers.personas.records import Persona, SamplingPreset

from .persona_form import Choices, fields_html, preset_buttons

GROUPS = (("own", "Yours"), ("machine", "Everybody's here"), ("shipped", "Come with Quintet"))
FIXED = {
    "shipped": "It comes with Quintet and stays as it is. Copy it, and change the copy.",
    "machine": "It is kept for everybody on this machine, by the shell. Copy it, and change the copy.",
}
TEMPLATE = '<dialog class="q-personas" aria-label="Personas"></dialog><input type="file" class="q-hidden" accept=".yaml,.yml,.json" tabindex="-1" aria-hidden="true">'


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaSheet:
    """What the sheet shows."""

    personas: Sequence[Persona]
    presets: Sequence[SamplingPreset]
    choices: Mapping[str, Choices | None]
    used: str
    """Id of the persona of the open chat."""
    edited: Persona
    """The one that the form shows; without an id, a new one."""
    notes: Sequence[str] = ()
    """What it does without here, and files that cannot be read."""
    said_html: str = ""
    """What was done, or what went wrong."""


def sheet_html(sheet: PersonaSheet) -> str:
    """Return the inside of the dialog."""
    return (
        f'<div class="q-personas-head"><span class="q-back">{icon_button("back", "All personas", back="1")}</span>'
        f"<h2>Personas</h2>{icon_button('close', 'Close', close='sheet')}</div>"
        f'<div class="q-personas-said" role="status">{sheet.said_html}</div>'
        f'<div class="q-personas-body">{_list(sheet)}{_editor(sheet)}</div>'
    )


def _list(sheet: PersonaSheet) -> str:
    groups = "".join(
        _group(title, [one for one in sheet.personas if one.origin == origin], sheet)
        for origin, title in GROUPS
    )
    return (
        '<nav class="q-persona-list" aria-label="All personas"><div class="q-list-top">'
        f'<button type="button" class="q-b" data-do="new">{icon("add")}New</button>'
        f'<button type="button" class="q-b" data-do="import">{icon("load")}Import</button></div>'
        f"{groups}</nav>"
    )


def _group(title: str, personas: Sequence[Persona], sheet: PersonaSheet) -> str:
    if not personas:
        return ""
    rows = "".join(_row(one, sheet) for one in personas)
    return f"<h3>{title}</h3><ul>{rows}</ul>"


def _row(persona: Persona, sheet: PersonaSheet) -> str:
    is_open = persona.id == sheet.edited.id
    current = ' aria-current="true"' if is_open else ""
    used = '<span class="q-tag q-acc">this chat</span>' if persona.id == sheet.used else ""
    return (
        f'<li class="{"on" if is_open else ""}"><button type="button" class="q-li" data-do="open" '
        f'data-id="{escape(persona.id)}"{current}><span class="q-cut">{escape(persona.name)}</span>{used}'
        f"<small>{escape(persona.description)}</small></button></li>"
    )


def _editor(sheet: PersonaSheet) -> str:
    persona = sheet.edited
    can_change = persona.is_own
    fixed = "" if can_change else f'<p class="q-field-note">{FIXED[persona.origin]}</p>'
    notes = "".join(f'<p class="q-field-note q-warn">{escape(note)}</p>' for note in sheet.notes)
    presets = preset_buttons((one.name, one.sampling, one.description) for one in sheet.presets)
    fields = fields_html(persona, sheet.choices, presets)
    title = escape(persona.name) if persona.id else "New persona"
    return (
        f'<form class="q-persona" data-id="{escape(persona.id)}" data-file="{escape(file_name(persona))}">'
        f'<h3 tabindex="-1">{title}</h3>{fixed}{notes}'
        '<div class="q-fields-scroll" tabindex="0" role="group" aria-label="What it is">'
        f'<fieldset class="q-fields"{"" if can_change else " disabled"}>{fields}</fieldset></div>'
        f'{_buttons(persona)}<template class="q-persona-file">{escape(as_text(persona)) if persona.id else ""}</template></form>'
    )


def _buttons(persona: Persona) -> str:
    is_kept = bool(persona.id)
    parts = [
        f'<button type="button" class="q-b q-go" data-do="use">{icon("tick")}Use in this chat</button>'
    ]
    if persona.is_own:
        parts.append('<button type="button" class="q-b" data-do="save">Save</button>')
    if is_kept:
        parts.append(
            f'<button type="button" class="q-b" data-do="copy">{icon("copy")}Copy</button>'
        )
        parts.append(
            f'<button type="button" class="q-b" data-do="export">{icon("download")}Export</button>'
        )
    if is_kept and persona.is_own:
        parts.append(
            f'<button type="button" class="q-b q-danger" data-do="delete">{icon("bin")}Delete</button>'
        )
    return f'<div class="q-persona-do">{"".join(parts)}</div>'
