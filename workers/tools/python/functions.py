"""From a Python function to what a model must know of it, and back: signature and docstring, arguments.

Runs in the process of a tool's file, never in Quintet's own.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

HEADING = re.compile(r"^(?:Args|Arguments|Parameters):\s*$")
ENTRY = re.compile(r"^(?P<name>\*{0,2}\w+)\s*(?:\([^)]*\))?:\s*(?P<text>.*)$")
SECTION = re.compile(r"^[A-Z]\w+:\s*$")


def functions_of(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """Return the public functions that a module defines itself, by name, in their order."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }


def described(name: str, function: Callable[..., Any]) -> dict[str, Any]:
    """Return name, description and JSON schema. Raises: TypeError for a signature that has none."""
    summary, notes = read_docstring(inspect.getdoc(function) or "")
    schema = arguments_of(function, notes).model_json_schema(by_alias=True)
    for value in (schema, *schema.get("properties", {}).values()):
        value.pop("title", None)
    schema.setdefault("properties", {})
    return {"name": name, "description": summary, "parameters": schema}


def called(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call it with JSON values, which become what its annotations say.

    Raises: ValidationError for wrong arguments; TypeError; whatever the function raises.
    """
    model = arguments_of(function, {}).model_validate(dict(arguments))
    names = list(inspect.signature(function).parameters)
    given = {name: getattr(model, f"a{place}") for place, name in enumerate(names)}
    return function(**given)


def arguments_of(function: Callable[..., Any], notes: Mapping[str, str]) -> type[BaseModel]:
    """Return a model of the arguments; `notes` describe them. Raises: TypeError, NameError."""
    fields: dict[str, Any] = {}
    parameters = inspect.signature(function, eval_str=True).parameters
    for place, (name, parameter) in enumerate(parameters.items()):
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"a tool takes named arguments only, not {parameter}")
        kind = Any if parameter.annotation is parameter.empty else parameter.annotation
        default = ... if parameter.default is parameter.empty else parameter.default
        about: dict[str, Any] = {"description": notes[name]} if name in notes else {}
        # By alias: a field may not be called "json" or "copy", an argument may.
        fields[f"a{place}"] = (kind, Field(default, alias=name, **about))
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=False)
    made: type[BaseModel] = create_model("Arguments", __config__=config, **fields)
    return made


def read_docstring(text: str) -> tuple[str, dict[str, str]]:
    """Return what comes before the section of arguments, and a text per argument (Google's style)."""
    summary: list[str] = []
    notes: dict[str, str] = {}
    is_args, last = False, ""
    for line in text.splitlines():
        entry = ENTRY.match(line.strip()) if is_args else None
        if HEADING.match(line.strip()):
            is_args = True
        elif is_args and SECTION.match(line):
            is_args, last = False, "-"
        elif entry:
            last = entry["name"].lstrip("*")
            notes[last] = entry["text"].strip()
        elif is_args and last and line.strip():
            notes[last] = f"{notes[last]} {line.strip()}"
        elif not is_args and not last and not SECTION.match(line):
            summary.append(line.rstrip())
    return "\n".join(summary).strip(), notes
