"""The first minutes: from a fresh data folder to better models in one call, also after a cut."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from configs.catalogue import ModelCard
from configs.settings import load_settings
from tests.downloads.conftest import CONFIG, LENGTHS, WEIGHTS, make_card
from tests.downloads.fresh_machine import (
    CHANGED,
    DEMO,
    SPEECH,
    TEXT,
    TIMEOUT_S,
    FreshMachine,
    wait_for,
    wait_until,
)
from tests.downloads.local_hub import LocalHub
from workers.assembly import build_models
from workers.messages.errors import (
    DownloadError,
    DownloadPausedError,
    NotFetchedError,
    UnsupportedInputError,
)
from workers.models.setup import running
from workers.models.setup.choices import read_choices
from workers.models.setup.pulling import pull_and_wait


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
