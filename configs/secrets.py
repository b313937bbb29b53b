"""Keys of other servers: from the environment or a `.env` file, and from nowhere else.

A key is wrapped as soon as it is read, so that no log line and no error can show it by accident; it
never crosses a queue, because the worker that needs it reads it itself.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values
from pydantic import SecretStr

if TYPE_CHECKING:
    from .catalogue import ModelCard

ENV_FILES = (Path(".env"), Path(__file__).parents[1] / ".env")
"""In the working directory, else beside `app.py`."""


def read_secret(name: str) -> SecretStr | None:
    """Return the value of a variable, None if it is unset or empty; the environment wins.

    The files are read again each time: a key that is added needs no restart.
    """
    values = [os.environ.get(name), *(dotenv_values(path).get(name) for path in ENV_FILES)]
    found = next((value.strip() for value in values if value and value.strip()), None)
    return None if found is None else SecretStr(found)


def key_name(card: ModelCard) -> str:
    """Return the name of the variable that holds the key of the card's server; "" if it has none."""
    return str(card.options.get("api_key_env") or "")


def is_listed(card: ModelCard) -> bool:
    """Whether a model is worth showing: it needs no key, or its key is there."""
    name = key_name(card)
    return not name or read_secret(name) is not None
