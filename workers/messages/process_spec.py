"""What a worker's process is told when it is started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from pkgutil import resolve_name

from configs.catalogue import ModelCard
from configs.settings import HubSettings

from .control import LastWords, Loading
from .requests import Modality

ReportLoading = Callable[[Loading | LastWords], None]
"""Says what is being loaded, or why the process ends; may be called from any thread, at any time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """What a child process is told when it is started."""

    card: ModelCard
    """The model to load."""
    reranker: ModelCard | None = None
    """A second model, which a rag worker loads when it first orders passages."""
    device: str = "cpu"
    """Where to put the weights: "cpu", "cuda:0", or a graphics device by its engine's own word ("mtl0",
    "vulkan0"). An engine that cannot use a GPU ignores it."""
    threads: int
    """How many compute threads its libraries may use."""
    slots: int
    """How many requests to work on at once, where the engine can."""
    data_dir: Path
    """Where the worker may keep files: converted weights, the index."""
    limits: dict[str, float]
    """Bounds on input, by name and unit: `max_audio_s`, `max_pixels`, `max_pages`…"""
    may_fetch: bool = False
    """Whether weights that are not here may be downloaded."""
    hub: HubSettings = field(default_factory=HubSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """Everything a child gets from its parent."""

    name: str
    """Process name for people: "text-0"."""
    modality: Modality
    target: str
    """"module:Class" of the engine: see `workers.specs.spec`."""
    settings: WorkerSettings
    environment: dict[str, str]
    """Set before any library loads."""
    log_level: str
    entry: str = "workers.engines.main:child_main"
    """What the process runs, as "module:function"; it gets this and its three pipe ends."""
    python: str = ""
    """Interpreter of the virtual environment that the process lives in; "": the parent's own."""


def run_entry(
    spec: ProcessSpec, requests: Connection, control: Connection, events: Connection
) -> None:
    """Be what `spec.entry` names. The target of a spawned process: the pool imports no engine."""
    resolve_name(spec.entry)(spec, requests, control, events)
