"""JSON schemas that come from outside: read and checked before an engine sees them."""

from __future__ import annotations

import json
from typing import Any

from workers.errors import UnsupportedInputError


def read_schema(text: str, what: str) -> dict[str, Any]:
    """Return a JSON schema given as JSON text; `what` names it in the sentence.

    Raises: UnsupportedInputError if it is no JSON, no object, or no valid schema (draft 2020-12).
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        schema = json.loads(text)
    except ValueError as err:
        raise UnsupportedInputError(f"{what} is no JSON: {err}.") from err
    if not isinstance(schema, dict):
        raise UnsupportedInputError(f"{what} is no JSON schema: it must be an object.")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as err:
        raise UnsupportedInputError(f"{what} is no JSON schema: {err.message}.") from err
    return schema
