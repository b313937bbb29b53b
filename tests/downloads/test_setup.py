"""The first minutes: from a fresh data folder to better models in one call, also after a cut."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.model_setup import _fetched
from configs.catalogue import ModelCard, load_catalogue
from configs.settings import Settings, load_settings
from tests.downloads.conftest import CONFIG, WEIGHTS, make_card
from tests.downloads.local_hub import LocalHub
from tests.downloads.test_manager import Pool
from workers.assembly import build_models
from workers.messages.errors import (
    DownloadError,
    DownloadPausedError,
    NotFetchedError,
    UnsupportedInputError,
)
from workers.models.availability import Availability
from workers.models.lookup import Models
from workers.models.manager import ModelManager
from workers.models.setup import running
from workers.models.setup.choices import FILE, change_choices, read_choices
from workers.models.setup.getting import Fetching
from workers.models.setup.machine_set import Machine
from workers.models.setup.progress import SetupProgress
from workers.models.setup.pulling import pull_and_wait
from workers.models.setup.running import ModelSetup
from workers.standalone import StandalonePool

TIMEOUT_S = 240.0
SMALLEST = (5_000, 0)
"""MiB of RAM, and no graphics card: the machine of the first set."""
TEXT, SPEECH, DEMO = "qwen3.5-2b", "parakeet-tdt-0.6b-v3", "smollm2-135m-instruct"
CHANGED = ("granite-embedding-97m", "ms-marco-minilm-l6-v2")
LENGTHS = {"tiny.Q4_K_M.gguf": len(WEIGHTS), "config.json": len(CONFIG)}


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


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    """The set's models, whose files are small ones of the local hub."""
    return (
        make_card(id=TEXT, name="Better chat", file_bytes=LENGTHS),
        make_card(id="own", name="Somebody's own", files={"tiny.Q8_0.gguf": None}),
        make_card(id=SPEECH, name="Better ears", modality="stt", engine="onnxasr"),
        *(make_card(id=name, modality="rag", engine="onnx") for name in CHANGED),
    )


@pytest.fixture
def machine(tmp_path: Path, local_hub: LocalHub, cards: tuple[ModelCard, ...]) -> FreshMachine:
    return FreshMachine(tmp_path, local_hub.url, *cards)


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


NOTHING = Fetching(card=make_card())


def test_what_goes_on_right_after_a_pause_is_used_all_the_same(
    machine: FreshMachine, local_hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun_again = threading.Event()

    def ends_late(*given: Any) -> None:
        try:
            pull_and_wait(*given)
        except DownloadPausedError:
            assert has_begun_again.wait(TIMEOUT_S)
            raise

    monkeypatch.setattr(running, "pull_and_wait", ends_late)
    local_hub.faults.stall_after = 1_500_000
    setup = machine.start()
    setup.start()
    wait_for(setup, "running", more_than=0.05)
    setup.pause()
    local_hub.faults.stall_after = None
    setup.start()  # the first thread has not ended yet
    has_begun_again.set()
    while wait_for(setup, "done", "cut", "failed").stage == "cut":
        setup.start()
    assert setup.progress().stage == "done"
    assert machine.models.default("text").id == TEXT


def test_one_call_fetches_uses_and_remembers(machine: FreshMachine) -> None:
    setup = machine.start()
    before = setup.progress()
    assert (before.stage, before.now and before.now.id) == ("offered", DEMO)
    assert [model.card.id for model in before.offer.missing] == [TEXT, SPEECH, *CHANGED]
    assert before.offer.missing[0].total_bytes == sum(LENGTHS.values())
    setup.start()
    done = wait_for(setup, "done", "failed")
    assert (done.stage, done.fraction, done.problem) == ("done", 1.0, None)
    assert machine.models.default("text").id == TEXT
    assert machine.pool.warmed[0] == "text"
    kept = read_choices(machine.folder)
    assert kept.defaults == {"text": TEXT, "stt": SPEECH, "rag": CHANGED[0]}
    assert kept.wanted == ()


def test_a_cut_in_the_middle_goes_on_in_the_next_program(
    machine: FreshMachine, local_hub: LocalHub
) -> None:
    local_hub.faults.stall_after = 1_500_000
    setup = machine.start()
    setup.start()
    wait_for(setup, "running", more_than=0.05)
    setup.pause()
    local_hub.faults.stall_after = None
    wait_for(setup, "cut")
    assert machine.models.default("text").id == DEMO

    again = machine.start()
    assert 0 < wait_for(again, "cut").fraction < 1
    again.start()
    assert wait_for(again, "done", "failed").stage == "done"
    assert machine.models.default("text").id == TEXT
    resumed = [request.range for request in local_hub.gets("tiny.Q4_K_M.gguf")]
    assert any(asked and asked != "bytes=0-" for asked in resumed), resumed


def test_the_shell_fetches_one_part_and_the_next_start_uses_it(
    machine: FreshMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUINTET_WORKERS__TEXT__MODEL", raising=False)
    setup = machine.start(is_serving=False)
    here: list[str] = []
    done = setup.fetch(lambda step: None, only=["text"], on_here=lambda card: here.append(card.id))
    assert (here, done.missing) == ([TEXT], ())
    assert machine.pool.warmed == []
    assert build_models(machine.settings, machine.catalogue).default("text").id == TEXT
    named = load_settings(
        "cpu", {"data_dir": str(machine.folder), "workers": {"text": {"model": DEMO}}}
    )
    assert build_models(named, machine.catalogue).default("text").id == DEMO
    setup.undo()
    assert build_models(machine.settings, machine.catalogue).default("text").id == DEMO
    assert setup.offer(["text"]).missing == ()


def test_undo_goes_back_at_once_to_what_was_used_before_the_set(machine: FreshMachine) -> None:
    setup = machine.start()
    setup.get("own")
    wait_until(lambda: machine.models.default("text").id == "own")
    setup.start()
    assert wait_for(setup, "done", "failed").stage == "done"
    assert machine.models.default("text").id == TEXT
    assert [card.id for card in setup.undo()] == ["own"]
    assert machine.models.default("text").id == "own"
    assert build_models(machine.settings, machine.catalogue).default("text").id == "own"
    assert [card.id for card in setup.undo()] == [DEMO]
    assert read_choices(machine.folder).defaults == {}


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


def test_without_a_hub_the_folder_is_named_and_files_put_there_are_taken(
    tmp_path: Path, cards: tuple[ModelCard, ...]
) -> None:
    machine = FreshMachine(tmp_path, "http://127.0.0.1:9", *cards)
    setup = machine.start(is_serving=False)
    with pytest.raises(DownloadError, match="No model hub can be reached") as refused:
        setup.fetch(lambda step: None, only=["text"])
    folder = tmp_path / "models" / TEXT
    assert str(folder) in refused.value.hint
    assert "tiny.Q4_K_M.gguf" in refused.value.hint

    folder.mkdir(parents=True)
    (folder / "config.json").write_bytes(CONFIG)
    (folder / "tiny.Q4_K_M.gguf").write_bytes(WEIGHTS[:-1])
    with pytest.raises(DownloadError, match=f"{len(WEIGHTS) - 1:,} bytes"):
        setup.fetch(lambda step: None, only=["text"])
    (folder / "tiny.Q4_K_M.gguf").write_bytes(WEIGHTS)
    assert setup.fetch(lambda step: None, only=["text"]).missing == ()
    assert read_choices(tmp_path).defaults == {"text": TEXT}


def test_a_download_that_fails_is_told_and_tried_again(
    machine: FreshMachine, local_hub: LocalHub
) -> None:
    files = local_hub.repositories["maker/tiny"]
    weights = files.pop("tiny.Q4_K_M.gguf")
    setup = machine.start()
    setup.start()
    failed = wait_for(setup, "failed", "done")
    assert failed.problem is not None
    assert "tiny.Q4_K_M.gguf" in failed.problem.message
    files["tiny.Q4_K_M.gguf"] = weights
    setup.start()
    assert wait_for(setup, "failed", "done").stage == "done"


def test_a_licence_that_limits_the_use_needs_a_yes(tmp_path: Path, local_hub: LocalHub) -> None:
    limited = make_card(id=TEXT, license="Llama 3.2", license_restricted=True)
    setup = FreshMachine(tmp_path, local_hub.url, limited).start(is_serving=False)
    assert [model.card.id for model in setup.offer(["text"]).licences] == [TEXT]
    with pytest.raises(NotFetchedError, match=r"Llama 3\.2"):
        setup.fetch(lambda step: None, only=["text"])
    assert local_hub.gets("tiny.Q4_K_M.gguf") == []
    assert setup.fetch(lambda step: None, only=["text"], accept_license=True).missing == ()


def test_what_needs_more_than_weights_is_left_out_with_a_sentence(machine: FreshMachine) -> None:
    folder = machine.folder / "collections" / "one"
    folder.mkdir(parents=True)
    with sqlite3.connect(folder / "chroma.sqlite3") as database:
        database.execute("CREATE TABLE embeddings (id INTEGER)")
        database.execute("INSERT INTO embeddings VALUES (1)")
    database.close()
    offer = machine.start().offer()
    assert [model.part for model in offer.models] == ["text", "stt", "reranker"]
    assert any("quintet env create kokoro" in sentence for sentence in offer.left_out)
    assert any("Documents stay" in sentence for sentence in offer.left_out)


def test_not_now_hides_the_offer_and_parts_that_no_set_has_are_refused(
    machine: FreshMachine,
) -> None:
    setup = machine.start()
    setup.decline()
    assert setup.progress().stage == "nothing"
    assert machine.start().progress().stage == "nothing"
    with pytest.raises(UnsupportedInputError, match="no part 'vision'"):
        setup.offer(["vision"])
