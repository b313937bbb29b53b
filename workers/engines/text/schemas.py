"""JSON schemas and grammars that come from outside: checked before an engine sees them.

An engine holds every next token against all that the rules allow: a list of 3,000 words costs it 5 s
per token (llama.cpp, two cores), and what it does then cannot be interrupted.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from workers.messages.errors import UnsupportedInputError

MAX_SCHEMA_CHARS = 64_000
MAX_ALTERNATIVES = 1_000
"""In all the lists of a schema together; OpenAI's limit too."""
MAX_LEVELS = 64
"""Of objects and lists within each other. Who checks a schema, and who turns it into a grammar, calls
itself for each; OpenAI takes 10 levels of properties, which are 20 of these."""
PAIRS = (
    ("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)  # fmt: skip
MAX_LONE_BOUND = 10**15
"""llama.cpp counts the digits of a bound that has no partner, up to sixteen, and takes memory without
end when it gets more."""
BACKWARD = re.compile(r"(?<!\\)\{\s*(\d+)\s*,\s*(\d+)\s*\}")
MAX_GRAMMAR_CHARS = 16_000
"""llama.cpp's parser calls itself for each bracket, and falls over 100,000 of them."""


def read_schema(text: str, what: str) -> dict[str, Any]:
    """Return a JSON schema given as JSON text; `what` names it in the sentence.

    Raises: UnsupportedInputError if it is no JSON, no object, or no valid schema (draft 2020-12).
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    _check_length(text, MAX_SCHEMA_CHARS, what)
    try:
        schema = json.loads(text)
    except ValueError as err:
        raise UnsupportedInputError(f"{what} is no JSON: {err}.") from err
    except RecursionError as err:
        raise _too_deep(what) from err
    if not isinstance(schema, dict):
        raise UnsupportedInputError(f"{what} is no JSON schema: it must be an object.")
    _check_values(schema, what)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as err:
        raise UnsupportedInputError(f"{what} is no JSON schema: {err.message}.") from err
    return schema


def check_grammar(text: str) -> None:
    """Raises: UnsupportedInputError if it is too long, or repeats something from 10 to 3 times."""
    _check_length(text, MAX_GRAMMAR_CHARS, "The grammar")
    _check_repetitions(text, "The grammar")


def _check_length(text: str, max_chars: int, what: str) -> None:
    if len(text) > max_chars:
        raise UnsupportedInputError(
            f"{what} has {len(text):,} characters; at most {max_chars:,} can be enforced."
        )


def _check_values(schema: dict[str, Any], what: str) -> None:
    """Raises: UnsupportedInputError for too many levels or alternatives, and odd numbers."""
    num_alternatives = 0
    to_see: list[tuple[Any, int]] = [(schema, 1)]
    while to_see:
        value, level = to_see.pop()
        if level > MAX_LEVELS and isinstance(value, (dict, list)):
            raise _too_deep(what)
        if isinstance(value, dict):
            _check_bounds(value, what)
            lists = [value.get(name) for name in ("enum", "anyOf", "oneOf")]
            num_alternatives += sum(len(found) for found in lists if isinstance(found, list))
            to_see += ((within, level + 1) for within in value.values())
        elif isinstance(value, list):
            to_see += ((within, level + 1) for within in value)
        elif _is_odd_number(value):
            raise UnsupportedInputError(f"{what} holds a number that does not fit into 64 bits.")
    if num_alternatives > MAX_ALTERNATIVES:
        raise UnsupportedInputError(
            f"{what} lists {num_alternatives:,} alternatives; "
            f"at most {MAX_ALTERNATIVES:,} can be enforced."
        )


def _check_bounds(schema: dict[str, Any], what: str) -> None:
    """Raises: UnsupportedInputError for bounds that nothing can keep, or that an engine chokes on."""
    for least, most in PAIRS:
        low, high = schema.get(least), schema.get(most)
        if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
            raise UnsupportedInputError(
                f"{what} wants {least} {low} and {most} {high}: nothing fits."
            )
    low = _first_number(schema, "minimum", "exclusiveMinimum")
    high = _first_number(schema, "maximum", "exclusiveMaximum")
    is_far = (high is None and low is not None and low >= MAX_LONE_BOUND) or (
        low is None and high is not None and high <= -MAX_LONE_BOUND
    )
    if is_far:
        raise UnsupportedInputError(
            f"{what} bounds a number on one side only, beyond {MAX_LONE_BOUND:,}.",
            "Give the other bound too.",
        )
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        _check_repetitions(pattern, what)


def _first_number(schema: dict[str, Any], *names: str) -> int | float | None:
    found = (schema.get(name) for name in names)
    return next((value for value in found if isinstance(value, (int, float))), None)


def _check_repetitions(text: str, what: str) -> None:
    """Raises: UnsupportedInputError for x{10,3}, which llama.cpp takes for a number without end."""
    for least, most in BACKWARD.findall(text):
        low, high = least.lstrip("0"), most.lstrip("0")
        if (len(low), low) > (len(high), high):  # as numbers, of any length
            raise UnsupportedInputError(f"{what} repeats something {{{least},{most}}} times.")


def _too_deep(what: str) -> UnsupportedInputError:
    return UnsupportedInputError(
        f"{what} is nested in more than {MAX_LEVELS} levels; at most so many can be enforced."
    )


def _is_odd_number(value: object) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, int) and not -(2**63) <= value < 2**63
