"""Where Quintet is served, who may enter, and how much one client may take."""

from __future__ import annotations

from typing import Annotated, Literal

import yaml
from pydantic import BeforeValidator, Field, field_validator, model_validator

from .setting_values import Frozen, split

ADMIN = "admin"
"""The name an admin logs in with; a user's name is `username`."""


def _read_keys(value: object) -> object:
    """Read the short form "k1,k2", or a YAML list in one line; unnamed keys are numbered."""
    if value is None:
        return ()
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = yaml.safe_load(value)
    keys = split(value)
    if not isinstance(keys, list):
        return keys
    return [
        {"name": f"key {number}", "key": key} if isinstance(key, str) else key
        for number, key in enumerate(keys, start=1)
    ]


class ApiKey(Frozen):
    """One client's key, and how much it may ask for at once."""

    name: str = Field(min_length=1)
    """For messages and logs, where the key itself never appears."""
    key: str = Field(min_length=1, repr=False)
    role: Literal["user", "admin"] = "user"
    """"admin": may also manage models and memory, and delete documents."""
    max_running: int | None = Field(default=None, ge=1)
    """Requests answered at once; None: no limit but the workers' own."""
    max_waiting: int = Field(default=0, ge=0)
    """Requests that may wait for one of those to end."""


class ConnectionSettings(Frozen):
    """How many may be connected, and how long a client may take to say what it wants, or to read.

    A long upload that goes on, and a long answer that is read, are never cut.
    """

    max_open: int = Field(ge=1)
    """Connections at once; when all are at work the next is 503. An idle one leaves for it."""
    max_per_address: int = Field(ge=1)
    """Of one address, except this machine's own, from which all come who use a proxy or a tunnel."""
    max_header_kib: int = Field(ge=1)
    """A request's line and headers; with more it is 431."""
    header_timeout_s: float = Field(gt=0)
    """From the connection or the header's first byte to its end; then 408."""
    body_timeout_s: float = Field(gt=0)
    """A body that brings less than 500 bytes a second for so long has stopped: 408."""
    send_timeout_s: float = Field(gt=0)
    """Who reads nothing of an answer for so long is cut off."""

    @property
    def max_header_bytes(self) -> int:
        """The same in bytes."""
        return self.max_header_kib << 10


class ServerSettings(Frozen):
    """Where the page is served and who may enter."""

    host: str
    port: int = Field(ge=0, le=65535)
    share: bool
    """Open a public link through Gradio's relay; needs a password."""
    username: str
    password: str | None = Field(repr=False)
    """Page login; None: open, allowed on this machine only (unless there are API keys)."""
    admin_password: str | None = Field(repr=False)
    """Manages models and memory and deletes documents; None: who sits at this machine does, while
    nothing asks for a password and nobody else can call."""
    api_keys: Annotated[tuple[ApiKey, ...], BeforeValidator(_read_keys)]
    """Each opens the HTTP interface, and the page as the password of `username`."""
    cors_origins: Annotated[tuple[str, ...], BeforeValidator(split)]
    """Web pages of other origins that may call; "localhost": any port of it; "*": all."""
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(split)]
    """Names this server answers to; empty: this machine's own while nothing else protects it."""
    frame_ancestors: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[^\s;,']+$")], ...], BeforeValidator(split)
    ]
    """Origins whose pages may show this one inside theirs; empty: none but this server's own."""
    also_ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], BeforeValidator(split)]
    """Further ports to listen on, for clients that know an older system's."""
    max_upload_mib: float = Field(gt=0)
    open_to_network: bool
    """Accept another host than this machine without a password (a Space is guarded by its owner)."""
    connections: ConnectionSettings
    drain_s: float = Field(ge=0)
    """Told to stop, Quintet lets what runs go on for so long, and is gone at most 15 s later."""

    @property
    def is_protected(self) -> bool:
        """Whether a password or a key is asked for."""
        return self.password is not None or bool(self.api_keys)

    @property
    def has_admin_secret(self) -> bool:
        """Whether an admin's password or key is set."""
        return self.admin_password is not None or any(key.role == ADMIN for key in self.api_keys)

    @model_validator(mode="after")
    def _tell_admins_apart(self) -> ServerSettings:
        if not self.has_admin_secret:
            return self
        if self.username == ADMIN:
            raise ValueError(f"the username may not be {ADMIN!r}, with which admins log in")
        users = {self.password, *(key.key for key in self.api_keys)}
        if self.admin_password is not None and self.admin_password in users:
            raise ValueError("the admin_password is a user's password or key too")
        return self

    @field_validator("api_keys")
    @classmethod
    def _tell_keys_apart(cls, keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        if len({key.name for key in keys}) < len(keys) or len({key.key for key in keys}) < len(
            keys
        ):
            raise ValueError("two API keys share a name or a value")
        return keys
