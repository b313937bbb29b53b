"""Where environments are on this disk, and whether one can be used.

`<data_dir>/environments/NAME` is an ordinary virtual environment. A stamp, written last, says what it
was made from: without it the making was cut, and it is made anew.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from workers.messages.amounts import memory_words
from workers.messages.errors import EngineNotInstalledError, NotFetchedError
from workers.specs.spec import spec_of

from .recipes import RECIPES, Compiled, Recipe, read_recipe

State = Literal["missing", "unfinished", "other Python", "out of date", "ready"]

STAMP = ".quintet.json"

TORCH_CUDA_MIB = 5_000
"""What PyTorch for CUDA takes beyond the one for the CPU, with NVIDIA's libraries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environments:
    """The environments of one data folder."""

    data_dir: Path
    recipes: Path = RECIPES

    def folder(self, name: str) -> Path:
        """Return where an environment is, or would be."""
        return self.data_dir / "environments" / name

    def python(self, name: str) -> Path:
        """Return the interpreter of an environment that can be used.

        Raises: EngineNotInstalledError.
        """
        if (unavailable_reason := self.unavailable_reason(name)) is not None:
            raise unavailable_reason
        return interpreter(self.folder(name))

    def state(self, recipe: Recipe) -> State:
        """Say whether an environment is there, whole and made from today's lock."""
        folder = self.folder(recipe.name)
        if not folder.is_dir():
            return "missing"
        stamp = read_stamp(folder)
        if not stamp or not interpreter(folder).exists():
            return "unfinished"
        if stamp.get("python") != python_version():
            return "other Python"
        return "ready" if stamp.get("fingerprint") == recipe.fingerprint else "out of date"

    def unavailable_reason(
        self, name: str, who: str = "The worker"
    ) -> EngineNotInstalledError | None:
        """Return why nothing can run in an environment; None if it can.

        One that is out of date still runs: only a lock has moved.
        """
        try:
            recipe = read_recipe(name, self.recipes)
        except EngineNotInstalledError as err:
            return err
        state = self.state(recipe)
        if state in ("ready", "out of date"):
            return None
        why = {
            "missing": "which is not there",
            "unfinished": "which was not finished",
            "other Python": f"which was made for another Python than {python_version()}",
        }[state]
        return EngineNotInstalledError(
            f"{who} runs in the environment {name}, {why}.",
            f"Run: quintet env create {name} ({size_sentence(recipe)}).",
        )

    def unavailable_reason_of(self, card: ModelCard) -> EngineNotInstalledError | None:
        """Return why the worker of a model cannot run where its card wants it; None if it can."""
        name = environment_of(card)
        return self.unavailable_reason(name, card.name) if name else None

    def python_of(self, card: ModelCard) -> str:
        """Return the interpreter of the card's environment; "": the one that Quintet runs in.

        Raises: EngineNotInstalledError.
        """
        if (unavailable_reason := self.unavailable_reason_of(card)) is not None:
            raise unavailable_reason
        name = environment_of(card)
        return str(interpreter(self.folder(name))) if name else ""


def environment_of(card: ModelCard) -> str:
    """Return the name of the environment that a model's worker runs in; "": Quintet's own."""
    if card.environment:
        return card.environment
    spec = spec_of(card)
    return spec.environment if spec is not None and spec.needs_environment else ""


def interpreter(folder: Path) -> Path:
    """Return the Python of a virtual environment."""
    return folder / "bin" / "python"


def python_version() -> str:
    """Return the version that pickled messages and compiled packages have in common: "3.11"."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def read_stamp(folder: Path) -> dict[str, str]:
    """Return what an environment was made from; empty if it was not finished."""
    try:
        stamp: dict[str, str] = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp


def write_stamp(folder: Path, recipe: Recipe) -> None:
    """Say that an environment is whole."""
    stamp = {"fingerprint": recipe.fingerprint, "python": python_version()}
    (folder / STAMP).write_text(json.dumps(stamp), encoding="utf-8")


def size_sentence(recipe: Recipe) -> str:
    """Say how much disk an environment takes, and how long it is compiled."""
    size = f"about {memory_words(recipe.disk_mib)}"
    if recipe.compiles is not None:
        minutes, cores = compile_minutes(recipe.compiles)
        return f"{size}, and about {minutes} minutes of compiling on {cores} cores"
    if not recipe.torch:
        return size
    return f"{size}, and {memory_words(TORCH_CUDA_MIB)} more where PyTorch comes with CUDA"


def compile_minutes(compiled: Compiled) -> tuple[int, int]:
    """Return how many minutes it takes to compile, and on how many cores."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return max(1, -(-compiled.core_minutes // cores)), cores


def missing_environment(card: ModelCard, data_dir: Path) -> str:
    """Return the name of the environment that a model needs and that is not there; "" if it needs none."""
    try:
        reason = Environments(data_dir=data_dir).unavailable_reason_of(card)
    except (ConfigError, NotFetchedError) as err:
        return str(err)
    return environment_of(card) if reason is not None else ""
