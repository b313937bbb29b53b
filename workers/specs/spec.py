"""What is known of every engine before any of it is imported: one record each.

The records stand beside the engines, in `workers/<modality>/specs.py`; another package adds its own
through the entry point group `quintet.engines` (docs/engines.md). Parent and child both read them, so neither this
file nor a file with records imports a model library.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from configs.catalogue import ModelCard
from workers.messages import MODALITIES, Modality
from workers.messages.errors import EngineNotInstalledError

log = logging.getLogger("quintet.engines")

ENTRY_POINTS = "quintet.engines"
"""Group of the entry points by which other packages add engines: each names an `EngineSpec`, or
several in a tuple."""
DEFAULT_RUNTIME_MIB = 300
RANKS = "ranks"
"""Option of a card: true for a reranker on an engine that has embedders too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """Everything about one engine that somebody else needs to know."""

    modality: Modality
    name: str
    """As a card's `engine` names it; unique within the modality."""
    target: str
    """"module:Class" with the modality's engine protocol, imported in the worker's process alone. A
    class that has `handle` is a whole worker and is used as it is. "": it only works beside another
    model of its modality."""
    title: str
    """For people."""
    distributions: tuple[str, ...] = ()
    """What an index calls its libraries; the first is the one whose version tells something."""
    imports: tuple[str, ...] = ()
    """Top-level names of model libraries: only the engine's own files may import them, and only
    inside functions."""
    install: str = ""
    """The exact command that brings the libraries; "": `pip install` of the first distribution, or
    the making of the environment."""
    environments: tuple[str, ...] = ()
    """Recipes that hold its libraries, the usual one first; (): Quintet's own environment does."""
    needs_environment: bool = False
    """Whether it can live in one of those only, so that a card need not name it."""
    devices: tuple[str, ...] = ("cpu",)
    """Kinds of devices it can put weights on: "cpu", "cuda", "gpu" (whichever its library lists); ()
    where another server does the work."""
    devices_probe: str = ""
    """"module:function" that lists the graphics devices which what is installed can use for a model
    (`EngineDevice`): it is given the card and the data folder; "": NVIDIA's cards."""
    splits_layers: bool = False
    """Whether some layers may go to the GPU and the others stay in RAM (`gpu_layers`)."""
    is_tunable: bool = False
    """Whether it runs by `workers.models.tuning.run_settings`, which `quintet tune` chooses."""
    has_context: bool = False
    """Whether its models keep a conversation of bounded length (`workers.models.tuning.context`)."""
    memory: str = ""
    """"module:function" that estimates what a model needs (`workers.pool.memory.estimate.Estimate`); "":
    what the card says."""
    speed: str = ""
    """"module:function" that says how fast a model will be (`workers.pool.speed.speeds.Estimate`); "": nobody
    knows before it was used."""
    runtime_mib: int = DEFAULT_RUNTIME_MIB
    """Python, its libraries and activations: a rough figure for a card that is being made."""
    reranker: str = ""
    """"module:Class" of `workers.engines.rag.engine.Reranker`, if its models can order passages."""
    lacks: tuple[str, ...] = ()
    """What its models cannot do that others of their kind can, as far as all of them are alike: see
    `workers.specs.hearing`."""
    only_reads: bool = False
    """Whether it reads the text in pictures, but answers no question about them."""
    cards: Path | None = None
    """Folder with model cards that come with the engine."""
    is_for_tests: bool = False
    """Whether its cards are offered only where the settings name one."""

    @property
    def key(self) -> tuple[Modality, str]:
        """What tells it from all others."""
        return self.modality, self.name

    @property
    def may_be_default(self) -> bool:
        """Whether its models can be the one that a modality uses."""
        return bool(self.target)

    @property
    def environment(self) -> str:
        """The usual recipe with its libraries; "": Quintet's own environment."""
        return next(iter(self.environments), "")

    @property
    def install_command(self) -> str:
        """The exact command after which its libraries are there; "" if it needs none."""
        if self.install:
            return self.install
        if self.environment:
            return f"quintet env create {self.environment}"
        return f"pip install {self.distributions[0]}" if self.distributions else ""

    @property
    def install_hint(self) -> str:
        """What to say to somebody who lacks its libraries; "" if it needs none."""
        if not self.environments or self.install:
            return f"Run: {self.install_command}" if self.install_command else ""
        others = "".join(f" (or {name})" for name in self.environments[1:])
        return (
            f"Run: {self.install_command}{others}, and write environment: {self.environment} into "
            "the model's card."
        )


def built_in_specs(modality: Modality | None = None) -> tuple[EngineSpec, ...]:
    """Return the records of the engines that come with Quintet."""
    wanted = MODALITIES if modality is None else (modality,)
    return tuple(spec for name in wanted for spec in _of_modality(name))


def engine_specs(modality: Modality | None = None) -> tuple[EngineSpec, ...]:
    """Return all records, those of other packages last."""
    added = (spec for spec in _of_packages() if modality in (None, spec.modality))
    return (*built_in_specs(modality), *added)


def find_spec(modality: str, name: str) -> EngineSpec | None:
    """Return the record of an engine, None if there is none. Other packages are asked last."""
    if modality not in MODALITIES:
        return None
    found = next((spec for spec in _of_modality(modality) if spec.name == name), None)
    return found or next((spec for spec in _of_packages() if spec.key == (modality, name)), None)


def spec_of(card: ModelCard) -> EngineSpec | None:
    """Return the record of a card's engine, None if no engine here has that name."""
    return find_spec(card.modality, card.engine)


def may_be_default(card: ModelCard) -> bool:
    """Whether a card's model can be the one that its modality uses; else it works beside one."""
    spec = spec_of(card)
    return (spec is None or spec.may_be_default) and card.options.get(RANKS) is not True


def is_reranker(card: ModelCard) -> bool:
    """Whether a card's model orders passages, and nothing else."""
    spec = spec_of(card)
    return spec is not None and spec.reranker != "" and not may_be_default(card)


def resolve(target: str) -> Any:
    """Import what "module:name" says. Raises: ImportError; AttributeError."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def missing_library(modality: Modality, name: str, err: ImportError) -> EngineNotInstalledError:
    """Return what to raise when the library of an engine cannot be imported."""
    spec = find_spec(modality, name)
    title, hint = (spec.title, spec.install_hint) if spec else (name, "")
    return EngineNotInstalledError(
        f"The engine {title} needs the package {err.name or err}, which is not installed.", hint
    )


def model_libraries() -> frozenset[str]:
    """Return the top-level names that only the processes of our own engines import."""
    return frozenset(name for spec in built_in_specs() for name in spec.imports)


@lru_cache
def _of_modality(modality: str) -> tuple[EngineSpec, ...]:
    specs: tuple[EngineSpec, ...] = import_module(f"workers.engines.{modality}.specs").SPECS
    return specs


@lru_cache
def _of_packages() -> tuple[EngineSpec, ...]:
    """One that cannot be used is left out, and told: it must not keep Quintet from starting."""
    taken = {spec.key for spec in built_in_specs()}
    found: list[EngineSpec] = []
    for point in metadata.entry_points(group=ENTRY_POINTS):
        try:
            specs = list(_read(point))
        except Exception as err:  # noqa: BLE001 — another's code is run; whatever it raises is told
            log.warning("the engines of %s are left out: %s", point.value, err)
            continue
        for spec in specs:
            if spec.key in taken:
                log.warning(
                    "the %s engine %r of %s is left out: there is one of that name",
                    spec.modality, spec.name, point.value,
                )  # fmt: skip
                continue
            taken.add(spec.key)
            found.append(spec)
    return tuple(found)


def _read(point: metadata.EntryPoint) -> Iterator[EngineSpec]:
    """Raises: whatever the package raises; TypeError if it names no record."""
    loaded = point.load()
    for spec in loaded if isinstance(loaded, Iterable) else (loaded,):
        if not isinstance(spec, EngineSpec) or spec.modality not in MODALITIES:
            raise TypeError(f"{spec!r} is no EngineSpec of a modality that there is")
        yield spec
