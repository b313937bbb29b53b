"""The composer's switches for tools and for the format of an answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from ui.text.composer.switch_state import SwitchChoice, SwitchState
from workers.client import Client
from workers.flows.turns.options import TurnOptions
from workers.messages.errors import UnsupportedInputError
from workers.tools.records import ChatTool, ToolSource
from workers.tools.toolbox import is_own, missing_from

LOOK = "look-for-tools"
LOOKING = "Looking for tools …"
HINT = "What the model may call while it answers; each call is shown"
MAX_CHOSEN = 64
MAX_SCHEMA_CHARS = 64_000
FREE = "free"
OWN = "own"
SAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "list": (
        "A list with names and notes",
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "note": {"type": "string"}},
                "required": ["name", "note"],
                "additionalProperties": False,
            },
            "maxItems": 20,
        },
    ),
    "yes-no": (
        "Yes or no, with the reason",
        {
            "type": "object",
            "properties": {"answer": {"type": "boolean"}, "reason": {"type": "string"}},
            "required": ["answer", "reason"],
            "additionalProperties": False,
        },
    ),
    "people": (
        "People, places and dates in a text",
        {
            "type": "object",
            "properties": {
                name: {"type": "array", "items": {"type": "string"}, "maxItems": 20}
                for name in ("people", "places", "dates")
            },
            "required": ["people", "places", "dates"],
            "additionalProperties": False,
        },
    ),
}
"""Schemas to begin with, by name."""
_known: WeakKeyDictionary[Client, tuple[ToolSource, ...]] = WeakKeyDictionary()
"""What was there when somebody looked last: servers are not started for a menu that is shut."""
_built_in: WeakKeyDictionary[Client, tuple[ToolSource, ...]] = WeakKeyDictionary()
"""The same of who may not look at this machine's own."""


def note_tools(client: Client, found: Sequence[ToolSource], *, with_own: bool = True) -> None:
    """Remember which tools there are; `with_own`: this machine's own are among them."""
    (_known if with_own else _built_in)[client] = tuple(found)


def missing_tools(client: Client, names: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence for each tool that was not there when somebody looked last; none if nobody has."""
    all_of, built_in = _known.get(client), _built_in.get(client)
    if all_of is not None:
        return missing_from(names, all_of)
    return missing_from([name for name in names if not is_own(name)], built_in) if built_in else ()


def tools_state(client: Client, options: TurnOptions, owner: str) -> SwitchState | None:
    """Return how the switch of tools stands."""
    chosen, known = options.tools, _known.get(client, _built_in.get(client))
    return SwitchState(
        key="tools",
        label=f"Tools {len(chosen)}" if chosen else "Tools",
        icon="tools",
        kind="many",
        value=list(chosen),
        is_on=bool(chosen),
        hint=HINT if known is not None else LOOKING,
        choices=_choices(chosen, known or ()),
        opens=LOOK,
        looks=LOOK if chosen else "",
    )


def write_tools(options: TurnOptions, value: Any) -> TurnOptions:
    """Choose tools. Raises: UnsupportedInputError."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UnsupportedInputError("Tools are chosen by their names.")
    if len(value) > MAX_CHOSEN:
        raise UnsupportedInputError(
            f"{len(value)} tools are chosen; {MAX_CHOSEN} can be offered at once."
        )
    return options.model_copy(update={"tools": tuple(dict.fromkeys(value))})


def _choices(chosen: Sequence[str], known: Sequence[ToolSource]) -> tuple[SwitchChoice, ...]:
    there: list[SwitchChoice] = []
    for source in known:
        there += [_choice(tool, source) for tool in source.tools]
        if source.error:
            note = f"Cannot be used: {source.error}" if not source.tools else source.error
            there.append(
                SwitchChoice(
                    value=f"{source.name}/", label=source.title, note=note, is_offered=False
                )
            )
    names = {one.value for one in there}
    note = "not there any more" if known else "chosen"
    gone = [SwitchChoice(value=name, label=name, note=note) for name in chosen if name not in names]
    return (*there, *gone)


def _choice(tool: ChatTool, source: ToolSource) -> SwitchChoice:
    first = tool.description.strip().splitlines()[:1]
    leave = "asks first" if tool.asks_first else "runs unasked"
    note = " · ".join([source.title, *first, leave])
    return SwitchChoice(value=tool.id, label=tool.title, note=note)


def format_state(client: Client, options: TurnOptions, owner: str) -> SwitchState | None:
    """Return how the switch of the format stands."""
    chosen = _name_of(options)
    own = [SwitchChoice(value=OWN, label="Your own schema")] if chosen == OWN else []
    return SwitchState(
        key="format",
        label="Format",
        icon="table",
        kind="one",
        value=chosen,
        is_on=chosen != FREE,
        hint="Answers that obey a JSON schema, shown as a table or a tree",
        choices=(
            SwitchChoice(value=FREE, label="Free text"),
            *(SwitchChoice(value=key, label=label) for key, (label, _) in SAMPLES.items()),
            *own,
        ),
        act="open-schema",
        act_label="Paste or choose a JSON schema …",
    )


def write_format(options: TurnOptions, value: Any) -> TurnOptions:
    """Choose a sample, free text, or what was pasted. Raises: UnsupportedInputError."""
    if value == OWN:
        return options
    if value != FREE and value not in SAMPLES:
        raise UnsupportedInputError(f"There is no format {value!r}.")
    schema = None if value == FREE else SAMPLES[value][1]
    return options.model_copy(update={"answer_schema": schema})


def schema_from(text: str) -> dict[str, Any]:
    """Return a schema that was pasted. Raises: UnsupportedInputError in one sentence."""
    from workers.tools.arguments import mistake_in_schema

    if len(text) > MAX_SCHEMA_CHARS:
        raise UnsupportedInputError(
            f"The schema has {len(text):,} characters; at most {MAX_SCHEMA_CHARS:,} are taken."
        )
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise UnsupportedInputError(f"The schema is no JSON: {err}.") from err
    if not isinstance(schema, dict):
        raise UnsupportedInputError("A JSON schema is written in braces.")
    if mistake := mistake_in_schema(schema):
        raise UnsupportedInputError(mistake)
    return schema


def _name_of(options: TurnOptions) -> str:
    schema = options.answer_schema
    if schema is None:
        return FREE
    return next((key for key, (_, known) in SAMPLES.items() if known == dict(schema)), OWN)
