"""Kinds of values that settings have, and how each is read from YAML, a variable or a flag."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

Folder = Annotated[Path, BeforeValidator(lambda value: Path(value).expanduser())]

OptionalFolder = Annotated[
    Path | None,
    BeforeValidator(lambda value: None if value is None else Path(value).expanduser()),
]


class Frozen(BaseModel):
    """Settings refuse keys that they do not know, and never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def split(value: object) -> object:
    """Read "a, b" as a list: the short form that environment variables use."""
    if isinstance(value, (str, int)):
        return [item.strip() for item in str(value).split(",") if item.strip()]
    return value
