"""What a person chooses is used, kept, and said when it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.model_setup import _fetched
from configs.catalogue import ModelCard
from tests.downloads.conftest import make_card
from tests.downloads.fresh_machine import (
    DEMO,
    SMALLEST,
    TEXT,
    FreshMachine,
    wait_until,
)
from tests.downloads.local_hub import LocalHub
from tests.downloads.planning_pool import Pool
from workers.assembly import build_models
from workers.models.lookup import Models
from workers.models.manager import ModelManager
from workers.models.setup.choices import FILE, change_choices, read_choices
from workers.models.setup.getting import Fetching
from workers.models.setup.running import ModelSetup
from workers.standalone import StandalonePool

NOTHING = Fetching(card=make_card())


def test_a_click_gets_and_uses_and_the_last_click_wins(
    machine: FreshMachine, local_hub: LocalHub
) -> None:
    local_hub.faults.stall_after = 1_500_000
    setup = machine.start()
    before = setup.revision
    setup.get(TEXT)
    wait_until(lambda: (setup.on_the_way("text") or NOTHING).percent is not None)
    assert [what.is_wanted for what in setup.fetching()] == [True]
    assert setup.revision != before
    setup.choose(DEMO)
    assert setup.on_the_way("text") is None
    local_hub.faults.stall_after = None
    wait_until(lambda: setup.fetching() == ())
    assert machine.models.default("text").id == DEMO
    setup.get(TEXT)
    assert machine.models.default("text").id == TEXT
    assert read_choices(machine.folder).defaults == {"text": TEXT}


def test_what_cannot_be_had_or_used_is_told_until_something_else_is_chosen(
    machine: FreshMachine, local_hub: LocalHub
) -> None:
    local_hub.repositories["maker/tiny"].pop("tiny.Q4_K_M.gguf")
    setup = machine.start()
    setup.get(TEXT)
    wait_until(lambda: bool((setup.on_the_way("text") or NOTHING).problem))
    assert "tiny.Q4_K_M.gguf" in setup.fetching()[0].problem
    setup.choose(DEMO)
    assert setup.on_the_way("text") is None


def test_where_the_settings_name_a_model_a_choice_lasts_until_the_end_and_says_so(
    tmp_path: Path, local_hub: LocalHub, cards: tuple[ModelCard, ...]
) -> None:
    machine = FreshMachine(tmp_path, local_hub.url, *cards)
    machine.settings = machine.settings.model_copy(update={"named_models": ("text",)})
    setup = machine.start()
    setup.get(TEXT)
    wait_until(lambda: machine.models.default("text").id == TEXT)
    assert "QUINTET_WORKERS__TEXT__MODEL" in setup.not_kept("text")
    assert setup.choose(DEMO).not_kept == setup.not_kept("text")
    assert read_choices(tmp_path).defaults == {}


def test_the_shell_does_not_promise_a_model_that_the_settings_keep_out(
    tmp_path: Path,
    local_hub: LocalHub,
    cards: tuple[ModelCard, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    machine = FreshMachine(tmp_path, local_hub.url, *cards)
    for named, words in (((), "a Quintet that starts now uses it"), (("text",), "a setting")):
        machine.settings = machine.settings.model_copy(update={"named_models": named})
        _fetched(machine.start(is_serving=False), ["text"], accept_license=False, is_quiet=False)
        assert words in capsys.readouterr().out


def test_a_choice_that_cannot_be_written_down_is_used_and_says_so(machine: FreshMachine) -> None:
    setup = machine.start()
    (machine.folder / FILE).mkdir()
    chosen = setup.choose(DEMO)
    assert (chosen.card.id, chosen.used_for) == (DEMO, ("text",))
    assert "cannot be written" in chosen.not_kept


def test_pictures_follow_a_text_model_that_sees(machine: FreshMachine) -> None:
    change_choices(machine.folder, defaults={"vision": "smolvlm2-256m"})
    sees = make_card(id="sees", files={"tiny.Q4_K_M.gguf": None, "mmproj.gguf": None})
    models = Models(lambda: {**machine.catalogue, "sees": sees}, {"text": DEMO})
    pool = Pool(StandalonePool(models, machine.settings))
    manager = ModelManager(models, pool, machine.settings)
    ModelSetup(manager, models, machine.settings, lambda: SMALLEST).choose("sees")
    assert read_choices(machine.folder).defaults == {"text": "sees"}


def test_a_chosen_model_that_has_gone_is_told_of_and_replaced(
    machine: FreshMachine, caplog: pytest.LogCaptureFixture
) -> None:
    change_choices(machine.folder, defaults={"text": TEXT, "stt": "nobody"})
    models = build_models(machine.settings, machine.catalogue)
    assert models.default("text").id == DEMO
    assert "Better chat was chosen, and is not here" in caplog.text
    assert "nobody was chosen" in caplog.text


def test_choices_that_cannot_be_read_are_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    assert read_choices(tmp_path).defaults == {}
    assert FILE in caplog.text
