"""Models without a pool: for a program that only looks at them, fetches and removes them.

Plans are made as a pool makes them. The workers of a Quintet that runs here count as if they were
ours.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import psutil

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import Settings

from .assembly import build_models, machine_with
from .messages import MODALITIES, Modality
from .messages.errors import UnsupportedInputError
from .models.lookup import Models
from .models.manager import ModelManager
from .models.setup.machine_set import Machine
from .models.setup.running import ModelSetup
from .pool.memory.eviction import ResidentModel
from .pool.memory.machine import CPU, process_gpu_mib
from .pool.memory.manager import build_memory_manager
from .pool.memory.plan import MemorySnapshot, Plan, plan
from .pool.speed.speeds import Speeds

TITLES = {f"quintet {modality}": modality for modality in MODALITIES}
"""What a worker's process calls itself."""


class StandalonePool:
    """Loads nothing, and says what loading would take."""

    def __init__(self, models: Models, settings: Settings) -> None:
        """Look at the memory once: the plans of one command fit together."""
        self._models = models
        self._memory = build_memory_manager(settings)
        self._speeds = Speeds(settings)
        awake = awake_workers()
        for resident in awake:
            self._memory.tracker.grant(resident.name, {})
            self._memory.tracker.observe(resident.name, resident.reserved_mib)
        headroom_mib = self._memory.tracker.headroom(self._memory.tracker.devices())
        self._snapshot = MemorySnapshot(headroom_mib=headroom_mib, residents=tuple(awake))

    def plan(self, card: ModelCard) -> Plan:
        """Return what loading a model would take, and how fast it would be; measures the machine first."""
        others = self._models.known(card.modality)
        made = plan(card, self._snapshot, self._memory.places, others)
        self._speeds.measure()
        return self._speeds.added_to(made, card)

    def memory_mib(self, card: ModelCard) -> int:
        """Return what a model needs in the best place for it, without the margin of a plan."""
        return self._memory.places(card)[0].memory_estimate.total_mib

    def context_words(self, card: ModelCard) -> str:
        """Return how long its context would be in the best place for it, and what more costs; "" if it has none."""
        context = self._memory.places(card)[0].context
        return str(context) if context is not None else ""

    def loaded(self, modality: Modality) -> ModelCard | None:
        """Return what this program holds in memory: nothing."""

    def warm(self, *modalities: Modality) -> None:
        """Raises: UnsupportedInputError."""
        raise UnsupportedInputError(
            "No Quintet runs in this command, so no model is in use.", "Name one with --url."
        )

    def sleep(self, modality: Modality) -> None:
        """Nothing is awake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standalone:
    """The models of this machine, for a program that answers no requests."""

    models: Models
    pool: StandalonePool
    manager: ModelManager
    setup: ModelSetup


def build_standalone(settings: Settings) -> Standalone:
    """Put them together; starts nothing. Raises: ConfigError, UnknownModelError."""
    models = build_models(settings, load_catalogue())
    pool = StandalonePool(models, settings)
    manager = ModelManager(models, pool, settings, is_serving=False)
    setup = ModelSetup(manager, models, settings, this_machine, is_serving=False)
    return Standalone(models=models, pool=pool, manager=manager, setup=setup)


def this_machine() -> Machine:
    """Return what sets are chosen by; memory that a Quintet's models hold counts as free."""
    held_mib = sum(resident.reserved_mib.get(CPU, 0) for resident in awake_workers())
    return machine_with(held_mib)


def awake_workers() -> list[ResidentModel]:
    """Return what the workers of every Quintet of this user hold here, added up by modality."""
    reserved_mib: dict[str, Counter[str]] = {}
    for process in psutil.process_iter(["cmdline", "memory_info"]):
        title = " ".join(process.info["cmdline"] or ()).strip()
        memory = process.info["memory_info"]
        if title in TITLES and memory is not None:
            held = reserved_mib.setdefault(TITLES[title], Counter())
            held.update({CPU: int(memory.rss // 2**20), **process_gpu_mib(process.pid)})
    return [
        ResidentModel(name=name, model=name, reserved_mib=held)
        for name, held in reserved_mib.items()
    ]
