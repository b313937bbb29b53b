"""Go's text/template with the sprig functions, within this process. See `workers.templates.go`.

Only this file knows gotpl, a pure Python implementation; the functions that would let a template read
the environment or ask the network are left out. What a function costs nobody bounds here.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

from configs.errors import ConfigError

_SHUT_OUT = ("env", "expandenv", "getHostByName")
_MAX_OUTPUT_CHARS = 10_000_000
_PLACE = re.compile(r"^template:(?:.*?:)?\d+:\d+: (?:executing \".*?\": )?")
"""How gotpl begins an error; the position is in the exception too."""


class TemplateError(ConfigError):
    """A template that cannot be read or rendered; the message names it, the line and the reason."""


def compile_here(source: str, name: str) -> None:
    """Raises: TemplateError if the template cannot be read."""
    _compiled(source, name)


def render_here(source: str, values: Mapping[str, Any], name: str) -> str:
    """As `workers.templates.go.render`."""
    template = _compiled(source, name)
    try:
        return str(template.render(dict(values)))
    except _gotpl().TemplateError as err:
        raise _explained(err, name) from err


@lru_cache(maxsize=64)
def _compiled(source: str, name: str) -> Any:
    try:
        return _environment().from_string(source, name=name)
    except _gotpl().TemplateError as err:
        raise _explained(err, name) from err


def _explained(err: Any, name: str) -> TemplateError:
    reason = _PLACE.sub("", str(err))
    return TemplateError(f"{name}, line {err.line}, column {err.column}: {reason}.")


def _gotpl() -> Any:
    try:
        return importlib.import_module("gotpl")
    except ImportError as err:
        raise TemplateError(
            "Go templates need the package gotpl, which is not installed (it needs Python 3.11). "
            "Run: pip install gotpl"
        ) from err


@lru_cache(maxsize=1)
def _environment() -> Any:
    gotpl = _gotpl()
    functions = dict(importlib.import_module("gotpl.funcs.sprig").text_func_map())
    for name in _SHUT_OUT:
        del functions[name]
    for name in ("toJson", "toPrettyJson", "toRawJson"):
        functions[name] = _of_plain(functions[name])
    budget = gotpl.ExecutionBudget(
        max_output_chars=_MAX_OUTPUT_CHARS,
        max_iterations=100_000,
        max_template_depth=100,
        max_function_calls=100_000,
    )
    return gotpl.Environment(functions=functions, missing_key="error", budget=budget)


def _of_plain(write: Callable[[object], str]) -> Callable[[object], str]:
    return lambda value: write(plain(value))


def plain(value: Any) -> Any:
    """Return what JSON knows, in place of dataclasses."""
    if is_dataclass(value):
        named = {field.metadata.get("json"): getattr(value, field.name) for field in fields(value)}
        return {name: plain(content) for name, content in named.items() if name}
    if isinstance(value, (list, tuple)):
        return [plain(content) for content in value]
    return value
