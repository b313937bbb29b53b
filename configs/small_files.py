"""Reading a small file that others wrote: a regular one, of a bounded size, in UTF-8."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

from .errors import ConfigError

MAX_BYTES = 1 << 20
"""A model's card has 2 kB, a model file of LocalAI with its templates 20, a config.json 5."""


def read_text(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """Return a file's text. Raises: ConfigError if it is no file, too large, or not UTF-8."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would wait for ever
            raise ConfigError("it is not a file")
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as err:
        raise ConfigError(f"it cannot be read: {err.strerror or err}") from err
    if len(content) > max_bytes:
        raise ConfigError(f"it is too large: at most {max_bytes:,} bytes are read")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise ConfigError(f"byte {err.start:,} is not UTF-8; save it as UTF-8") from err


def read_json(path: Path, max_bytes: int = MAX_BYTES) -> Any:
    """Return a file's content. Raises: ConfigError as `read_text`, and if it is no JSON."""
    return parse_json(read_text(path, max_bytes))


def parse_json(text: str | bytes) -> Any:
    """Return what a text in JSON says. Raises: ConfigError."""
    try:
        return json.loads(text)
    except ValueError as err:
        raise ConfigError(f"it is not JSON: {err}") from err
    except RecursionError as err:
        raise ConfigError("it is not JSON that can be read: it has too many levels") from err
