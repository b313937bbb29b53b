"""Reading YAML that others wrote: what it stands for is as small as it looks.

A few lines of YAML can stand for gigabytes (aliases of aliases), and nesting without end takes the
parser in C, and the whole process with it, beyond its stack. Both are found before anything is built.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from .errors import ConfigError
from .small_files import read_text

MAX_NODES = 100_000
"""Keys and values together, each alias counted as what it stands for."""
MAX_LEVELS = 50
MAX_DIGITS = 300
"""A float's largest number has 309; Python itself refuses to write more than 4,300."""

_LONG_NUMBER = re.compile(rf"[-+]?\d[\da-fA-FxX_:.]{{{MAX_DIGITS},}}")

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C, where PyYAML was built with it: five times as fast."""


def read_yaml(path: Path) -> Any:
    """Return a file's content. Raises: ConfigError naming the file, and the line where there is one."""
    try:
        return parse_yaml(read_text(path))
    except ConfigError as err:
        raise ConfigError(f"{path}: {err}") from err


def parse_yaml(text: str) -> Any:
    """Return what a text in YAML says. Raises: ConfigError with line, column and reason."""
    try:
        _check_extent(text)
        return yaml.load(text, _Loader)  # noqa: S506 — a safe one
    except yaml.YAMLError as err:
        raise ConfigError(_reason(err)) from err
    except (ValueError, OverflowError) as err:  # a month 13, say
        raise ConfigError(f"a value cannot be read: {err}") from err


def _check_extent(text: str) -> None:
    """Raises: ConfigError for too many levels or too many nodes, aliases written out."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = [(None, 0)]  # anchor, nodes within so far
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, 1))
            if len(open_nodes) > MAX_LEVELS:
                raise ConfigError(f"it is nested in more than {MAX_LEVELS} levels")
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_nodes.pop()
        elif isinstance(event, yaml.ScalarEvent):
            if event.implicit[0] and _LONG_NUMBER.fullmatch(event.value):
                raise ConfigError(f"a number has {len(event.value):,} digits")
            anchor, size = event.anchor, 1
        elif isinstance(event, yaml.AliasEvent):  # of something around itself: it has no end
            anchor, size = None, sizes.get(event.anchor or "", MAX_NODES)
        else:
            continue
        if anchor is not None:
            sizes[anchor] = size
        outer, so_far = open_nodes[-1]
        open_nodes[-1] = (outer, so_far + size)
        if so_far + size > MAX_NODES:
            raise ConfigError(f"it stands for more than {MAX_NODES:,} values")


def _reason(err: yaml.YAMLError) -> str:
    mark = getattr(err, "problem_mark", None)
    problem = getattr(err, "problem", None) or str(err)
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem
