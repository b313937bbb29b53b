"""The smallest value that a JSON schema admits, for an engine that only pretends. A pure function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PLAIN: dict[str, Any] = {"boolean": False, "null": None}


def smallest(schema: Any, root: Any = None) -> Any:
    """Return a value that fits ordinary schemas: types, enums, required keys, bounds, references."""
    root = schema if root is None else root
    if not isinstance(schema, Mapping):
        return {}
    if "$ref" in schema:
        return smallest(_followed(root, str(schema["$ref"])), root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    choices = next((schema[key] for key in ("anyOf", "oneOf", "allOf") if schema.get(key)), None)
    return _of_type(schema, root) if choices is None else smallest(choices[0], root)


def _of_type(schema: Mapping[str, Any], root: Any) -> Any:
    kinds = schema.get("type", "object")
    match kinds[0] if isinstance(kinds, list) else kinds:
        case "object":
            known = schema.get("properties") or {}
            return {
                name: smallest(known.get(name, {}), root) for name in schema.get("required") or ()
            }
        case "array":
            return [smallest(schema.get("items"), root)] * int(schema.get("minItems") or 0)
        case "integer" | "number":
            return schema.get("minimum", schema.get("maximum", 0))
        case "string":
            text = "text".ljust(int(schema.get("minLength") or 0), "t")
            return text[: int(schema["maxLength"])] if "maxLength" in schema else text
        case kind:
            return _PLAIN.get(str(kind))


def _followed(root: Any, reference: str) -> Any:
    """Return what "#/$defs/name" means; {} if nothing."""
    found = root
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    return found
