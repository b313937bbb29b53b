"""Which model is used when somebody clicks while another one arrives, and what is written down then."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import load_settings
from workers.models.lookup import Models
from workers.models.manager import ModelManager
from workers.models.setup.choices import Choices, read_choices, update_choices
from workers.models.setup.choosing import ModelChooser

CARDS = load_catalogue()
ARRIVED, CLICKED = CARDS["qwen3-0.6b"], CARDS["qwen3-1.7b"]


class SlowManager:
    """Stands in for the manager of a program whose plans take their time."""

    def __init__(self) -> None:
        self.used: list[str] = []
        self.is_asked, self.may_go_on = threading.Event(), threading.Event()

    def use(self, model_id: str, context_tokens: int | None = None) -> ModelCard:
        if model_id == ARRIVED.id:
            self.is_asked.set()
            assert self.may_go_on.wait(60)
        self.used.append(model_id)
        return CARDS[model_id]

    def used_for(self, card: ModelCard) -> tuple[str, ...]:
        return (card.modality,)


def test_what_a_person_chooses_while_another_model_arrives_is_what_stays(tmp_path: Path) -> None:
    manager = SlowManager()
    settings = load_settings("cpu", {"data_dir": str(tmp_path)})
    chooser = ModelChooser(
        cast("ModelManager", manager), cast("Models", None), settings, is_serving=True
    )
    chooser.want(ARRIVED)
    with ThreadPoolExecutor(2) as threads:
        arriving = threads.submit(chooser.choose_if_wanted, ARRIVED)
        assert manager.is_asked.wait(60)
        click = threads.submit(chooser.choose, CLICKED.id)
        manager.may_go_on.set()
        arriving.result(60)
        click.result(60)
    assert manager.used == [ARRIVED.id, CLICKED.id]
    assert read_choices(tmp_path).defaults == {"text": CLICKED.id}


def test_a_model_that_nobody_wants_any_more_is_not_used(tmp_path: Path) -> None:
    manager = SlowManager()
    settings = load_settings("cpu", {"data_dir": str(tmp_path)})
    chooser = ModelChooser(
        cast("ModelManager", manager), cast("Models", None), settings, is_serving=True
    )
    chooser.want(ARRIVED)
    chooser.choose(CLICKED.id)
    chooser.choose_if_wanted(ARRIVED)
    assert manager.used == [CLICKED.id]


def test_nothing_is_lost_of_what_several_write_at_once(tmp_path: Path) -> None:
    names = [f"model-{number}" for number in range(12)]

    def write(name: str) -> None:
        def added(kept: Choices) -> dict[str, Any]:
            return {"wanted": (*kept.wanted, name)}

        update_choices(tmp_path, added)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, names))
    assert sorted(read_choices(tmp_path).wanted) == sorted(names)
