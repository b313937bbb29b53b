"""Which MCP servers there are: the file that other programs use too, `{"mcpServers": {name: …}}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from configs.errors import ConfigError, explain
from configs.secrets import read_secret
from configs.small_files import read_json

VARIABLE = re.compile(r"\$\{(?:env:)?(?P<name>\w+)\}")


class _Entry(BaseModel):
    """One server as the file has it. Keys of other programs ("disabled", "type", …) may stand beside."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    command: str | None = None
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)
    cwd: str | None = None
    url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    headers: dict[str, str] = Field(default_factory=dict)
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """How one server is reached: a program of this machine, or an address."""

    name: str
    command: str = ""
    """"": it is at `url`."""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenServer:
    """An entry that cannot be used, and why, in one sentence."""

    name: str
    error: str


def read_servers(path: Path) -> tuple[ServerConfig | BrokenServer, ...]:
    """Return the servers of a file, in its order; a wrong entry loses only itself.

    A file that is not there has none; one that cannot be read is one broken entry with its name.
    """
    if not path.exists():
        return ()
    try:
        content = read_json(path)
        entries = content["mcpServers"] if isinstance(content, dict) else None
        if not isinstance(entries, dict):
            raise ConfigError('it needs "mcpServers", an object')
    except KeyError:
        return (BrokenServer(name=path.name, error='It has no "mcpServers".'),)
    except ConfigError as err:
        return (BrokenServer(name=path.name, error=f"{path.name}: {err}."),)
    read = (_server(name, entry) for name, entry in entries.items())
    return tuple(one for one in read if one is not None)


def _server(name: str, entry: object) -> ServerConfig | BrokenServer | None:
    """Return one entry; None for one that is switched off."""
    try:
        said = _Entry.model_validate(entry)
        if said.disabled:
            return None
        if bool(said.command) == bool(said.url):
            return BrokenServer(name=name, error="It needs either a command or a url.")
        return ServerConfig(
            name=name,
            command=_filled(said.command or ""),
            args=tuple(_filled(text) for text in said.args),
            env={key: _filled(text) for key, text in said.env.items()},
            cwd=said.cwd,
            url=_filled(said.url or ""),
            headers={key: _filled(text) for key, text in said.headers.items()},
        )
    except ValidationError as err:
        return BrokenServer(name=name, error=f"Its entry is not right: {explain(err, _Entry)}.")
    except ConfigError as err:
        return BrokenServer(name=name, error=str(err))


def _filled(text: str) -> str:
    """Return a text with `${NAME}` replaced from the environment or `.env`. Raises: ConfigError."""

    def value(match: re.Match[str]) -> str:
        secret = read_secret(match["name"])
        if secret is None:
            raise ConfigError(f"The variable {match['name']} is not set.")
        return secret.get_secret_value()

    return VARIABLE.sub(value, text)
