"""Values against JSON schemas: what a model wrote for a call, or as an answer. Nothing is fetched."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workers.messages.errors import AppError

from .bounded_process import run_bounded

MAX_TIME_S = 10.0
PATTERNS = ('"pattern"', '"patternProperties"')
"""A regular expression may take for ever, and the whole process with it: those are tried in another."""


def mistake_in(value: Any, schema: Mapping[str, Any]) -> str:
    """Return what is wrong with a value, in one sentence; "" if nothing is."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError, best_match
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        Draft202012Validator.check_schema(dict(schema))
        # An empty registry: a reference to an address is an error, and fetched from nowhere.
        found = best_match(Draft202012Validator(schema, registry=Registry()).iter_errors(value))
    except SchemaError as err:
        return f"The schema itself is not right: {err.message}."
    except (Unresolvable, RecursionError) as err:
        return f"The schema cannot be followed: {str(err) or 'it has too many levels'}."
    if found is None:
        return ""
    place = "".join(f"[{part!r}]" if isinstance(part, int) else f".{part}" for part in found.path)
    return f"{place.lstrip('.') or 'The value'}: {found.message[:500]}."


def mistake_in_schema(schema: Mapping[str, Any]) -> str:
    """Return what is wrong with a schema itself, in one sentence; "" if nothing is."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as err:
        return f"This is no JSON schema: {err.message[:500]}."
    except RecursionError:
        return "This schema has too many levels."
    return ""


async def mistake_in_untrusted(value: Any, schema: Mapping[str, Any]) -> str:
    """The same for a schema that anybody may have written: its patterns cannot hold this process up."""
    text = json.dumps(schema)
    if not any(word in text for word in PATTERNS):
        return mistake_in(value, schema)
    root = Path(__file__).parents[2]
    try:
        end = await run_bounded(
            (sys.executable, "-m", __name__),
            json.dumps([value, schema]).encode(),
            timeout_s=MAX_TIME_S,
            max_bytes=1 << 16,
            folder=root,
        )
    except AppError:
        return f"Its patterns could not be checked within {MAX_TIME_S:g} s."
    said = end.output.decode("utf-8", errors="replace")
    return said if end.status == 0 else "Its patterns could not be checked."


def read_arguments(text: str) -> dict[str, Any] | str:
    """Return a call's arguments from JSON text, or what is wrong with it in one sentence."""
    try:
        value = json.loads(text or "{}")
    except ValueError as err:
        return f"The arguments are no JSON: {err}."
    except RecursionError:
        return "The arguments are no JSON: they have too many levels."
    if not isinstance(value, dict):
        return "The arguments must be a JSON object, by the names of the parameters."
    return value


if __name__ == "__main__":
    sys.stdout.write(mistake_in(*json.load(sys.stdin)))
