"""Environments for the tests: made once, from their locks, and kept beside the virtual environment."""

from __future__ import annotations

import sys
from pathlib import Path

from workers.models.environments.building import create
from workers.models.environments.places import Environments
from workers.models.environments.recipes import read_recipe


def give_environment(name: str, data_dir: Path) -> Path:
    """Let a data folder have an environment; returns its Python."""
    kept = Environments(data_dir=Path(sys.prefix) / "test-data")
    create(kept, read_recipe(name), lambda *_: None)
    own = Environments(data_dir=data_dir)
    own.folder(name).parent.mkdir(parents=True, exist_ok=True)
    own.folder(name).symlink_to(kept.folder(name), target_is_directory=True)
    return own.python(name)
