"""A persona or a preset as text: the file that is kept, and the one that is given to somebody."""

from __future__ import annotations

from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from configs.errors import ConfigError, explain
from configs.small_files import parse_json
from configs.yaml_files import parse_yaml
from workers.messages.errors import UnsupportedInputError

from .records import KeptRecord

VERSION = 1
"""Of the form of a file."""
MAX_BYTES = 1 << 20
FROM_ITS_PLACE = ("id", "origin")
"""What a file cannot say of itself."""

Record = TypeVar("Record", bound=KeptRecord)


def as_text(record: KeptRecord) -> str:
    """Return a record as YAML: what differs from the defaults, prompts line by line."""
    said = record.model_dump(mode="json", exclude_defaults=True)
    head = {"format": f"quintet-{record.kind}", "version": VERSION}
    return yaml.dump(
        {**head, **said}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )


def file_name(record: KeptRecord) -> str:
    """Return what the file is called that somebody is given: `coder.persona.yaml`."""
    return f"{record.id or record.kind}.{record.kind}.yaml"


def read_record(data: str | bytes, kind: type[Record]) -> Record:
    """Return what a file in YAML or JSON says.

    Raises: UnsupportedInputError with one sentence: what is wrong, and where.
    """
    try:
        content = _content(data)
        return kind.model_validate(_body(content, kind))
    except ConfigError as err:
        raise _refusal(kind, str(err)) from err
    except ValidationError as err:
        raise _refusal(kind, explain(err, kind).replace("Value error, ", "")) from err


def _refusal(kind: type[KeptRecord], why: str) -> UnsupportedInputError:
    end = "" if why.endswith(("?", ".")) else "."
    return UnsupportedInputError(f"This is no {kind.kind}: {why}{end}")


def _content(data: str | bytes) -> Any:
    """Raises: ConfigError."""
    if len(data) > MAX_BYTES:
        raise ConfigError(f"it has {len(data):,} bytes; at most {MAX_BYTES:,} are read")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    except UnicodeDecodeError as err:
        raise ConfigError(f"byte {err.start:,} is not UTF-8") from err
    return parse_json(text) if text.lstrip().startswith("{") else parse_yaml(text)


def _body(content: Any, kind: type[KeptRecord]) -> dict[str, Any]:
    """Return the fields, without what says of which form the file is. Raises: ConfigError."""
    if not isinstance(content, dict):
        raise ConfigError("it holds no keys; it must say at least `name: …`")
    body = {str(key): value for key, value in content.items()}
    form, version = body.pop("format", None), body.pop("version", VERSION)
    if form not in (None, f"quintet-{kind.kind}"):
        raise ConfigError(f"its format is {form!r}")
    if version != VERSION:
        raise ConfigError(f"it is of form {version!r}, and this Quintet knows form {VERSION}")
    for name in FROM_ITS_PLACE:
        if name in body:
            raise ConfigError(f"unknown key {name!r}")
    return body


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as people do."""


def _as_lines(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _as_lines)
