"""Go's text/template with the sprig functions, as LocalAI's `.tmpl` files are written.

A template may come from a stranger, and a line of it can ask for gigabytes or for minutes: a text
doubled forty times, replaced in itself. So it is read and rendered in a process of its own,
which may take only so much memory and processor time, and is started when the first one is needed.
Knows the language and where an error is, never a conversation.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from workers.templates.go_engine import TemplateError as TemplateError
from workers.templates.go_engine import plain as plain
from workers.templates.go_process import TemplateProcess

_process = TemplateProcess()


def check_template(source: str, name: str) -> None:
    """Raises: TemplateError if the template cannot be read, or not within the bounds."""
    sentence = _fault(source, name)
    if sentence:
        raise TemplateError(sentence)


def render(source: str, values: Mapping[str, Any], name: str = "template") -> str:
    """Return the rendered template; a field that is not in `values` is an error, as in Go.

    A dataclass is what a Go struct is: templates see its fields by name, `toJson` writes those that
    have a name in their metadata (`metadata={"json": "name"}`). Raises: TemplateError.
    """
    return _process.ask(source, name, dict(values))


@lru_cache(maxsize=256)
def _fault(source: str, name: str) -> str:
    """What is wrong with a template, "" if nothing: folders are read again and again."""
    try:
        _process.ask(source, name, None)
    except TemplateError as err:
        return str(err)
    return ""
