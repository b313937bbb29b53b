"""A recipe of a few pure packages: what a worker needs, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from workers.models.environments.building import create
from workers.models.environments.places import Environments
from workers.models.environments.recipes import RECIPES, read_recipe

NAME = "tiny"


def recipe_folder(folder: Path, lock: str | None = None, **values: Any) -> Path:
    """Write the recipe; its lock is a worker's own unless another is given."""
    folder.mkdir(parents=True)
    lock = (RECIPES / "worker.txt").read_text(encoding="utf-8") if lock is None else lock
    (folder / f"{NAME}.in").write_text("-r worker.in\n", encoding="utf-8")
    (folder / f"{NAME}.txt").write_text(lock, encoding="utf-8")
    card = {"about": "tests", "disk_mib": 60, **values}
    (folder / f"{NAME}.yaml").write_text(yaml.safe_dump(card), encoding="utf-8")
    return folder


def make(recipes: Path, data_dir: Path, python: str = "") -> Environments:
    environments = Environments(data_dir=data_dir, recipes=recipes)
    create(environments, read_recipe(NAME, recipes), lambda *_: None, python)
    return environments
