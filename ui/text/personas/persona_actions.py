"""What can be done with personas and presets: the sheet behind the sidebar's foot, the chips of the drawer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from html import escape

from ui.core.callers import VISIT
from ui.core.render import error_html
from ui.text.act import COMPOSER, OPTIONS, Act, Outcome
from ui.text.attached.attached_actions import look_for_collections
from ui.text.composer.missing import missing_words
from ui.text.log.log_actions import save_options
from ui.text.tools.tool_actions import look_for_tools
from workers.flows.turns.options import settings_of
from workers.flows.turns.wearing import chosen
from workers.messages.errors import AppError, UnsupportedInputError
from workers.personas.kept import KeptRecords
from workers.personas.records import Persona, SamplingPreset

from .persona_choices import choices_for
from .persona_form import persona_from
from .persona_sheet import PersonaSheet, sheet_html
from .worn import fitted, personas_of

NEW = Persona(name="New persona", system="You are a helpful assistant.")
NO_PLACE = "Your browser keeps no cookie of this page, so nothing of yours can be kept."
FOCUS = {"focus": True}


async def open_sheet(act: Act) -> Outcome:
    """Show all personas, and the one of the open chat in the editor."""
    return _shown(act, _kept(act).find(act.options.persona) or _kept(act).get("plain"))


async def change(act: Act) -> Outcome:
    """Do what was clicked in the sheet; what goes wrong is said there, and what was typed stays."""
    do = act.text("do")
    try:
        if do not in DOINGS:
            raise UnsupportedInputError(f"There is no action {do!r}.")
        return await DOINGS[do](act)
    except AppError as err:
        return Outcome(sheet=_value(error=error_html(err)))


async def use_preset(act: Act) -> Outcome:
    """Let the open chat's sampling be a preset's."""
    preset = personas_of(act.client, act.owner).presets.get(act.text("id"))
    return _with_sampling(act, preset.sampling)


async def keep_preset(act: Act) -> Outcome:
    """Keep the sampling of the open chat under a name."""
    _check_place(act)
    values = {name: one for name, one in act.options.sampling.items() if one is not None}
    if not values:
        raise UnsupportedInputError(
            "Every knob stands where the model has it.", "Move one first; then keep it as a preset."
        )
    name = " ".join(act.text("name").split())
    if not 1 <= len(name) <= 80:
        raise UnsupportedInputError(f"A name has 1 to 80 characters; this one has {len(name)}.")
    presets = personas_of(act.client, act.owner).presets
    kept = presets.save(SamplingPreset(name=name, sampling=values))
    return Outcome(draw=(OPTIONS,), notice_html=_line(f"Kept as {kept.name}."))


async def delete_preset(act: Act) -> Outcome:
    """Take an own preset out, and offer to bring it back."""
    gone = personas_of(act.client, act.owner).presets.delete(act.text("id"))
    return Outcome(draw=(OPTIONS,), notice_html=_undo(gone.name, gone.id, "preset-restore"))


async def restore_preset(act: Act) -> Outcome:
    """Bring a deleted preset back."""
    personas_of(act.client, act.owner).presets.restore(act.text("id"))
    return Outcome(draw=(OPTIONS,))


async def _open(act: Act) -> Outcome:
    return _shown(act, _kept(act).get(act.text("id")))


async def _new(act: Act) -> Outcome:
    return _shown(act, NEW)


async def _save(act: Act) -> Outcome:
    kept = _saved(act)
    return _shown(act, kept, f"{kept.name} is kept.", draws=True)


async def _use(act: Act) -> Outcome:
    """What was typed is kept first."""
    persona = _saved(act) if act.sent.get("form") is not None else _kept(act).get(act.text("id"))
    here, _ = fitted(act.client, persona)
    save_options(act, settings_of(chosen(act.options, here)))
    return Outcome(draw=(COMPOSER, OPTIONS), for_composer=FOCUS, sheet=_value(close=True))


async def _look(act: Act) -> Outcome:
    """Find out which documents or tools there are; what was typed stays, and is not kept yet."""
    typed = persona_from(act.sent.get("form"), _old(act))
    what = act.text("look")
    if what not in LOOKS:
        raise UnsupportedInputError(f"There is no list of {what!r}.")
    await LOOKS[what](act)
    return _shown(act, typed, draws=True)


async def _copy(act: Act) -> Outcome:
    _check_place(act)
    copy = _kept(act).copy(act.text("id"))
    return _shown(act, copy, f"{copy.name} is your own copy.", draws=True)


async def _import(act: Act) -> Outcome:
    _check_place(act)
    data = await asyncio.to_thread(act.file("path").read_bytes)
    taken = _kept(act).take_in(data)
    return _shown(act, taken, f"{taken.name} was taken in.", draws=True)


async def _delete(act: Act) -> Outcome:
    gone = _kept(act).delete(act.text("id"))
    undo = (
        f'Deleted “{escape(gone.name)}”. <button type="button" class="q-b" data-do="restore" '
        f'data-id="{escape(gone.id)}">Undo</button>'
    )
    return _shown(act, _kept(act).get("plain"), said_html=undo, draws=True)


async def _restore(act: Act) -> Outcome:
    back = _kept(act).restore(act.text("id"))
    return _shown(act, back, f"{back.name} is back.", draws=True)


LOOKS: Mapping[str, Callable[[Act], Awaitable[Outcome]]] = {
    "collections": look_for_collections,
    "tools": look_for_tools,
}
DOINGS: Mapping[str, Callable[[Act], Awaitable[Outcome]]] = {
    "open": _open,
    "new": _new,
    "save": _save,
    "use": _use,
    "look": _look,
    "copy": _copy,
    "import": _import,
    "delete": _delete,
    "restore": _restore,
}


def _kept(act: Act) -> KeptRecords[Persona]:
    return personas_of(act.client, act.owner).personas


def _saved(act: Act) -> Persona:
    """Keep what the form says. Raises: UnsupportedInputError."""
    _check_place(act)
    return _kept(act).save(persona_from(act.sent.get("form"), _old(act)))


def _old(act: Act) -> Persona:
    return _kept(act).get(act.text("id")) if act.text("id") else NEW


def _check_place(act: Act) -> None:
    """Raises: UnsupportedInputError for who is not known the next time."""
    if act.owner.startswith(VISIT):
        raise UnsupportedInputError(NO_PLACE, "Allow cookies of this page, and load it again.")


def _with_sampling(act: Act, sampling: Mapping[str, object]) -> Outcome:
    changed = act.options.model_copy(update={"sampling": dict(sampling)})
    save_options(act, settings_of(changed))
    return Outcome(draw=(COMPOSER, OPTIONS))


def _shown(
    act: Act, edited: Persona, said: str = "", *, said_html: str = "", draws: bool = False
) -> Outcome:
    own = personas_of(act.client, act.owner)
    lacks = missing_words(act.client, edited.tools, edited.collections)
    notes = (*fitted(act.client, edited)[1], *lacks, *own.personas.left_out)
    sheet = PersonaSheet(
        personas=own.personas.all(),
        presets=own.presets.all(),
        choices=choices_for(act.client, act.options, act.owner),
        used=act.options.persona,
        edited=edited,
        notes=notes,
        said_html=said_html or escape(said),
    )
    draw = (COMPOSER, OPTIONS) if draws else ()
    return Outcome(draw=draw, sheet=_value(html=sheet_html(sheet)))


def _value(html: str = "", error: str = "", *, close: bool = False) -> str:
    """Return what the sheet's script does; each is another one, or it would not be seen."""
    number = time.monotonic_ns()
    return json.dumps({"html": html, "error": error, "close": close, "number": number})


def _line(words: str) -> str:
    return f'<div class="q-line q-note q-passing" role="status">{escape(words)}</div>'


def _undo(name: str, record_id: str, action: str) -> str:
    return (
        f'<div class="q-line q-note q-passing" role="status">Deleted “{escape(name)}”. '
        f'<button type="button" class="q-b" data-act="{action}" data-id="{escape(record_id)}">Undo</button></div>'
    )
