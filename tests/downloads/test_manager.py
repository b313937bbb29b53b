"""The manager of models: every state, and everything that changes one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from configs.catalogue import load_catalogue
from configs.settings import Settings, load_settings
from tests.downloads.conftest import make_card
from tests.downloads.local_hub import LocalHub
from tests.downloads.planning_pool import Pool
from workers.messages.errors import (
    DownloadPausedError,
    NotFetchedError,
    UnknownModelError,
    UnsupportedInputError,
)
from workers.models.availability import Availability
from workers.models.downloads.progress import DownloadProgress
from workers.models.importing import read_added
from workers.models.lookup import Models
from workers.models.manager import ModelManager, ModelStatus
from workers.models.weights import find_folder
from workers.specs.spec import may_be_default
from workers.standalone import StandalonePool

TIMEOUT_S = 30.0
CARDS = load_catalogue()
DEFAULT = "smollm2-135m-instruct"


@pytest.fixture
def settings(local_hub: LocalHub, tmp_path: Path) -> Settings:
    return load_settings("cpu", {"data_dir": str(tmp_path), "hub": {"endpoint": local_hub.url}})


@pytest.fixture
def models(settings: Settings) -> Models:
    cards = [
        make_card(),
        make_card(id="limited", license="Llama 3.2", license_restricted=True),
        make_card(id="walled", environment="gptq"),
        make_card(id="lost", source="path:/no/such/folder"),
        make_card(id="packed", source="package:none==1/no_such_package"),
    ]
    own = {card.id: card for card in cards}
    return Models(
        lambda: {**CARDS, **own, **read_added(settings.data_dir)},
        {"text": DEFAULT},
        Availability(data_dir=settings.data_dir),
    )


@pytest.fixture
def pool(models: Models, settings: Settings) -> Pool:
    return Pool(StandalonePool(models, settings))


@pytest.fixture
def manager(models: Models, pool: Pool, settings: Settings) -> ModelManager:
    return ModelManager(models, pool, settings)


def wait_for(manager: ModelManager, model_id: str, state: str) -> ModelStatus:
    give_up = time.monotonic() + TIMEOUT_S
    while (status := manager.status(model_id)).state != state:
        assert time.monotonic() < give_up, status
        time.sleep(0.02)
    return status


@pytest.mark.parametrize(
    ("model_id", "state", "actions"),
    [
        (DEFAULT, "in_use", ()),
        ("tiny", "absent", ("download",)),
        ("lost", "broken", ()),
        ("packed", "needs_package", ()),
        ("gpt-4o", "needs_key", ()),
    ],
)
def test_every_kind_of_model_has_its_state_and_what_can_be_done(
    model_id: str,
    state: str,
    actions: tuple[str, ...],
    manager: ModelManager,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    status = manager.status(model_id)
    assert (status.state, status.actions) == (state, actions)
    assert status.words
    assert status.as_dict()["state"] == state


def test_the_state_decides_what_a_request_is_answered(
    manager: ModelManager, models: Models, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    availability = Availability(data_dir=settings.data_dir)
    for card in models.known():
        reports, reason = manager.state(card).reason, availability.unavailable_reason(card)
        if may_be_default(card):
            assert (type(reports), str(reports)) == (type(reason), str(reason)), card.id
        else:
            assert "cannot find them" in str(reason), card.id
        listed = manager.state(card).is_ready
        assert availability.is_listed(card) == listed, card.id


def test_pulled_it_is_here_used_it_is_in_use_and_removed_it_is_gone(
    manager: ModelManager, models: Models, pool: Pool
) -> None:
    assert manager.pull("tiny").id == "tiny"
    here = wait_for(manager, "tiny", "here")
    assert here.actions == ("use", "remove")
    assert here.size_mib > 0
    manager.pull("tiny")  # nothing more to do
    manager.use("tiny")
    assert models.default("text").id == "tiny"
    assert pool.warmed == ["text"]
    assert manager.status("tiny").state == "in_use"
    with pytest.raises(UnsupportedInputError, match="is in use"):
        manager.remove("tiny")
    pool.in_memory = models.get("tiny")
    manager.use(DEFAULT)
    assert manager.remove("tiny").freed_mib > 0
    assert pool.slept == ["text"]
    assert manager.status("tiny").state == "absent"


def test_what_is_not_here_is_not_used(manager: ModelManager, models: Models) -> None:
    for model_id, error in (("tiny", NotFetchedError), ("nobody", UnknownModelError)):
        with pytest.raises(error):
            manager.use(model_id)
    assert models.default("text").id == DEFAULT


def test_a_restricted_licence_is_accepted_first(manager: ModelManager, local_hub: LocalHub) -> None:
    with pytest.raises(NotFetchedError, match=r"Llama 3\.2"):
        manager.pull("limited")
    assert local_hub.requests == []
    manager.pull("limited", accept_license=True)
    wait_for(manager, "limited", "here")


def test_what_is_no_download_is_not_pulled_or_paused(manager: ModelManager) -> None:
    for act in (manager.pull, manager.pause):
        with pytest.raises(UnsupportedInputError, match="nothing to download"):
            act("gpt-4o")
    with pytest.raises(UnsupportedInputError, match="not being downloaded: not downloaded"):
        manager.pause("tiny")


def test_an_environment_is_asked_for_once_the_weights_are_here(manager: ModelManager) -> None:
    assert manager.status("walled").state == "absent"
    manager.pull("walled")
    status = wait_for(manager, "walled", "needs_environment")
    assert "quintet env create gptq" in status.hint
    assert manager.state(status.card).reason is not None


def test_another_managers_download_is_paused_and_the_waiting_one_informed(
    manager: ModelManager, models: Models, pool: Pool, settings: Settings, local_hub: LocalHub
) -> None:
    local_hub.faults.bytes_per_s = 500_000
    manager.pull("tiny")
    wait_for(manager, "tiny", "running")
    other = ModelManager(models, pool, settings, is_serving=False)
    seen = wait_for(other, "tiny", "elsewhere")
    assert (seen.actions, "in another program" in seen.words) == (("pause",), True)
    paused: list[ModelStatus] = []

    def pause(_: object) -> None:
        if not paused:
            paused.append(manager.pause("tiny"))

    with pytest.raises(DownloadPausedError):
        other.fetch("tiny", pause)  # waits for the first, and is told of its wait
    assert wait_for(manager, "tiny", "paused").actions == ("resume", "remove")
    assert other.pause("tiny", timeout_s=TIMEOUT_S).state == "paused"


def test_a_model_of_ones_own_is_looked_at_added_fetched_and_forgotten(
    manager: ModelManager, models: Models, local_hub: LocalHub, tmp_path: Path
) -> None:
    sister = CARDS[DEFAULT]
    content = (find_folder(sister, tmp_path) / sister.weight_file).read_bytes()
    local_hub.repositories["maker/Own-GGUF"] = {"Own.Q4_1.gguf": content}
    local_hub.large.add("Own.Q4_1.gguf")
    card = manager.propose("maker/Own-GGUF")
    assert manager.proposed(card).plan is not None
    assert not models.knows(card.id)
    added = manager.add(card)
    assert (added.state, added.actions) == ("absent", ("download", "remove"))
    reports: list[DownloadProgress] = []
    manager.fetch(card.id, reports.append)
    assert reports[-1].fraction == 1.0
    assert manager.status(card.id).state == "here"
    assert manager.remove(card.id).is_forgotten
    with pytest.raises(UnknownModelError):
        manager.status(card.id)


def test_whatever_is_changed_here_is_in_the_list_at_once(
    manager: ModelManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.models.status.CACHE_S", 3600.0)

    def listed(model_id: str) -> str | None:
        return {status.card.id: str(status.state) for status in manager.statuses()}.get(model_id)

    assert (listed("tiny"), listed("own")) == ("absent", None)
    manager.add(make_card(id="own", name="Own"))
    assert listed("own") == "absent"
    manager.remove("own")
    assert listed("own") is None
    manager.pull("tiny")
    assert listed("tiny") in ("running", "here")
    manager.fetch("tiny", lambda progress: None)
    assert listed("tiny") == "here"
    manager.use("tiny")
    assert listed("tiny") == "in_use"


def test_one_model_that_cannot_be_looked_at_hides_no_other(
    manager: ModelManager, tmp_path: Path
) -> None:
    (tmp_path / "models").write_text("a file where a folder should be")
    statuses = manager.statuses(fresh=True)
    assert len(statuses) > len(CARDS)
    assert {status.card.id: status.state for status in statuses}[DEFAULT] == "in_use"
