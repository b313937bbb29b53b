"""The persona editor's form: what a persona says as fields, and fields as a persona. Pure; escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from pydantic import ValidationError

from configs.errors import explain
from ui.text.composer.knobs import KNOBS, WHOLE, Knob
from workers.messages.errors import UnsupportedInputError
from workers.personas.records import DIRECT, Persona

LOOK = '<button type="button" class="q-chip" data-do="look" data-look="{name}">Show what there is</button>'
"""In the place of documents, which may sleep, and of tools, whose servers may not run yet."""
NONE_HERE = {
    "tools": "There are no tools here.",
    "collections": "No documents yet. Add some in the RAG tab.",
}
THINKING = {"": None, "on": True, "off": False}
KNOB_NAMES = tuple(knob.name for knob in KNOBS)
Choices = Sequence[tuple[str, str]]
"""(value, words) of what can be chosen."""


def fields_html(persona: Persona, choices: Mapping[str, Choices | None], presets_html: str) -> str:
    """Return all fields; `choices` by name: model, voice, flow, tools, collections (None: not known)."""
    thinks = {None: "", True: "on", False: "off"}[persona.thinking]
    think_words = (("", "As the model does"), ("on", "On"), ("off", "Off"))
    return "".join(
        (
            _text("name", "Name", persona.name, 80),
            _text("description", "Description, one sentence", persona.description, 300),
            _area("system", "System prompt: who it is and how it answers", persona.system),
            '<div class="q-pair">',
            _select("model", "Model", persona.model or "", choices["model"], "The model in use"),
            _select(
                "voice",
                "Voice, for reading aloud",
                persona.voice or "",
                choices["voice"],
                "The voice in use",
            ),
            _select("thinking", "Think before answering", thinks, think_words),
            _select("flow", "Flow", persona.flow, choices["flow"]),
            "</div>",
            _boxes("tools", "Tools", persona.tools, choices["tools"]),
            _boxes("collections", "Documents", persona.collections, choices["collections"]),
            _sampling(persona, presets_html),
        )
    )


def persona_from(sent: object, kept: Persona) -> Persona:
    """Return a persona as the form has it; what the form does not show stays as it was kept.

    Raises: UnsupportedInputError naming the field.
    """
    form = sent if isinstance(sent, Mapping) else {}
    extra = {name: value for name, value in kept.sampling.items() if name not in KNOB_NAMES}
    values = {
        **kept.model_dump(exclude={"id", "origin"}),
        **{name: _word(form, name) for name in ("name", "description", "system")},
        "model": _word(form, "model") or None,
        "voice": _word(form, "voice") or None,
        "flow": _word(form, "flow") or DIRECT,
        "thinking": THINKING.get(_word(form, "thinking")),
        "tools": tuple(_words(form, "tools")),
        "collections": tuple(_words(form, "collections")),
        "sampling": {**extra, **_numbers(form)},
    }
    try:
        return Persona.model_validate({**values, "id": kept.id, "origin": kept.origin})
    except ValidationError as err:
        said = explain(err, Persona).replace("Value error, ", "").rstrip(".")
        raise UnsupportedInputError(f"This cannot be kept: {said}.") from err


def preset_buttons(presets: Iterable[tuple[str, Mapping[str, Any], str]]) -> str:
    """Return buttons that fill the knobs in; of each: name, values, what it is for."""
    return "".join(
        f'<button type="button" class="q-chip" title="{escape(about)}" '
        f'data-fill="{escape(_as_fields(values))}">{escape(name)}</button>'
        for name, values, about in presets
    )


def _as_fields(values: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={values[name]:g}" for name in KNOB_NAMES if name in values)


def _sampling(persona: Persona, presets_html: str) -> str:
    knobs = "".join(_knob(knob, persona.sampling.get(knob.name)) for knob in KNOBS)
    more = ", ".join(
        f"{name} {value}" for name, value in persona.sampling.items() if name not in KNOB_NAMES
    )
    note = f'<p class="q-field-note">Besides: {escape(more)}.</p>' if more else ""
    return (
        '<fieldset class="q-field"><legend>Sampling</legend>'
        f'<div class="q-chips-row" role="group" aria-label="Presets">{presets_html}</div>'
        f'<div class="q-knobs">{knobs}</div>{note}'
        '<p class="q-field-note">An empty field is the model\'s own.</p></fieldset>'
    )


def _knob(knob: Knob, value: object) -> str:
    shown = f"{value:g}" if isinstance(value, (int, float)) else ""
    low = 1 if knob.name == "max_tokens" else 0 if knob.name == "seed" else knob.low
    return (
        f'<label class="q-field" title="{escape(knob.info)}"><span>{escape(knob.label)}</span>'
        f'<input type="number" name="{knob.name}" value="{shown}" min="{low:g}" max="{knob.high:g}" '
        'step="any" placeholder="model\'s own"></label>'
    )


def _text(name: str, label: str, value: str, longest: int) -> str:
    return (
        f'<label class="q-field"><span>{label}</span><input type="text" name="{name}" '
        f'maxlength="{longest}" value="{escape(value)}" autocomplete="off"></label>'
    )


def _area(name: str, label: str, value: str) -> str:
    # a first line break within a textarea is not part of it
    return (
        f'<label class="q-field"><span>{label}</span><textarea name="{name}" rows="7" '
        f'maxlength="20000">\n{escape(value)}</textarea></label>'
    )


def _select(name: str, label: str, value: str, choices: Choices | None, empty: str = "") -> str:
    """Return a list to choose one from; None: nobody knows what there is. `empty`: what no choice means."""
    offered = [*((("", empty),) if empty else ()), *(choices or ())]
    if value not in [one for one, _ in offered]:
        offered.append((value, value if choices is None else f"{value} (not here)"))
    options = "".join(
        f'<option value="{escape(one)}"{" selected" if one == value else ""}>{escape(words)}</option>'
        for one, words in offered
    )
    return f'<label class="q-field"><span>{label}</span><select name="{name}">{options}</select></label>'


def _boxes(name: str, label: str, chosen: Sequence[str], choices: Choices | None) -> str:
    """Return a box for each choice; None: nobody has looked what there is."""
    known = [one for one, _ in choices or ()]
    missing = "" if choices is None else " (not here)"
    offered = [
        *(choices or ()),
        *((one, f"{one}{missing}") for one in chosen if one not in known),
    ]
    more = LOOK.format(name=name) if choices is None else ""
    if not offered and not more:
        more = f'<p class="q-field-note">{NONE_HERE[name]}</p>'
    boxes = "".join(
        f'<label class="q-check"><input type="checkbox" name="{name}" value="{escape(one)}"'
        f"{' checked' if one in chosen else ''}>{escape(words)}</label>"
        for one, words in offered
    )
    return f'<fieldset class="q-field"><legend>{label}</legend><div class="q-checks">{boxes}{more}</div></fieldset>'


def _word(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name, "")
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _words(form: Mapping[str, Any], name: str) -> list[str]:
    values = form.get(name, [])
    return [one for one in values if isinstance(one, str)] if isinstance(values, list) else []


def _numbers(form: Mapping[str, Any]) -> dict[str, float | int]:
    """Return the knobs that are filled in. Raises: UnsupportedInputError."""
    found: dict[str, float | int] = {}
    for knob in KNOBS:
        text = _word(form, knob.name).strip()
        if not text:
            continue
        try:
            found[knob.name] = int(text) if knob.name in WHOLE else float(text)
        except ValueError as err:
            kind = "whole number" if knob.name in WHOLE else "number"
            raise UnsupportedInputError(
                f"{knob.label} is {text!r}: it has to be a {kind}."
            ) from err
    return found
