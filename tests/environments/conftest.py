"""One environment with nothing but what a worker needs."""

from __future__ import annotations

import pytest

from tests.environments.tiny import make, recipe_folder
from workers.models.environments.places import Environments


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Environments:
    folder = tmp_path_factory.mktemp("environments")
    return make(recipe_folder(folder / "recipes"), folder / "data")
