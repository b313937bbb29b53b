"""A fresh data folder, and programs that start on it: where the first minutes are tried."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import Settings, load_settings
from tests.downloads.planning_pool import Pool
from workers.models.availability import Availability
from workers.models.lookup import Models
from workers.models.manager import ModelManager
from workers.models.setup.machine_set import Machine
from workers.models.setup.progress import SetupProgress
from workers.models.setup.running import ModelSetup
from workers.standalone import StandalonePool

TIMEOUT_S = 240.0
SMALLEST = (5_000, 0)
"""MiB of RAM, and no graphics card: the machine of the first set."""
TEXT, SPEECH, DEMO = "qwen3.5-2b", "parakeet-tdt-0.6b-v3", "smollm2-135m-instruct"
CHANGED = ("granite-embedding-97m", "ms-marco-minilm-l6-v2")


class FreshMachine:
    """One data folder; each program on it is built anew, as after a restart."""

    def __init__(self, folder: Path, hub_url: str, *cards: ModelCard) -> None:
        own = {card.id: card for card in cards}
        self.folder = folder
        self.catalogue = {**load_catalogue(), **own}
        self.settings: Settings = load_settings(
            "cpu", {"data_dir": str(folder), "hub": {"endpoint": hub_url}}
        )

    def start(self, *, is_serving: bool = True, machine: Machine | None = None) -> ModelSetup:
        self.models = Models(
            lambda: self.catalogue, {"text": DEMO}, Availability(data_dir=self.folder)
        )
        self.pool = Pool(StandalonePool(self.models, self.settings))
        manager = ModelManager(self.models, self.pool, self.settings, is_serving=is_serving)
        return ModelSetup(
            manager,
            self.models,
            self.settings,
            lambda: machine or SMALLEST,
            is_serving=is_serving,
        )


def wait_for(setup: ModelSetup, *stages: str, more_than: float = -1.0) -> SetupProgress:
    give_up = time.monotonic() + TIMEOUT_S
    while True:
        found = setup.progress()
        if found.stage in stages and found.fraction > more_than:
            return found
        assert time.monotonic() < give_up, found
        time.sleep(0.05)


def wait_until(is_so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + TIMEOUT_S
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.02)
