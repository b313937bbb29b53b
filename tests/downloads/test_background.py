"""Downloads in the background: started, shared, paused, resumed, removed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from configs.settings import HubSettings
from tests.downloads.conftest import REPOSITORY, WEIGHTS, make_card
from tests.downloads.local_hub import LocalHub
from workers.messages.errors import NotFetchedError
from workers.models.downloads.download import is_present, stored_bytes
from workers.models.downloads.manager import DownloadManager, DownloadState

BIG = "tiny.Q4_K_M.gguf"
CARD = make_card()
TIMEOUT_S = 30.0


@pytest.fixture
def downloads(local_hub: LocalHub, tmp_path: Path) -> DownloadManager:
    return DownloadManager(tmp_path, HubSettings(endpoint=local_hub.url))


def wait_for(downloads: DownloadManager, *kinds: str, more_than: int = -1) -> DownloadState:
    give_up = time.monotonic() + TIMEOUT_S
    while True:
        state = downloads.state(CARD)
        if state.kind in kinds and state.done_bytes > more_than:
            return state
        assert time.monotonic() < give_up, state
        time.sleep(0.02)


def wait_until_ended(*managers: DownloadManager) -> None:
    give_up = time.monotonic() + TIMEOUT_S
    while any(manager.running() for manager in managers):
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_two_who_start_it_share_one_download(
    downloads: DownloadManager, local_hub: LocalHub
) -> None:
    local_hub.faults.bytes_per_s = 3_000_000
    assert downloads.state(CARD).kind == "absent"
    downloads.start(CARD)
    downloads.start(CARD)
    running = wait_for(downloads, "running", more_than=100_000)
    assert running.total_bytes is not None
    assert str(running).startswith("downloading")
    assert wait_for(downloads, "here").kind == "here"
    assert len(local_hub.gets(BIG)) == 1


def test_paused_it_stands_and_resumed_it_goes_on_even_at_another_manager(
    downloads: DownloadManager, local_hub: LocalHub, tmp_path: Path
) -> None:
    local_hub.faults.stall_after = 1_110_000
    downloads.start(CARD)
    wait_for(downloads, "running", more_than=1_000_000)
    downloads.pause(CARD)
    local_hub.faults.stall_after = None
    paused = wait_for(downloads, "paused")
    assert str(paused).startswith("paused at ")
    assert not is_present(CARD, tmp_path)
    after_restart = DownloadManager(tmp_path, HubSettings(endpoint=local_hub.url))
    downloads.remove(make_card(id="other"))
    wait_for(after_restart, "paused")
    after_restart.start(CARD)
    wait_for(after_restart, "here")
    assert (tmp_path / "models" / "tiny" / BIG).read_bytes() == WEIGHTS
    assert local_hub.gets(BIG)[-1].range is not None


def test_pause_and_resume_at_once_is_one_writer(
    downloads: DownloadManager, local_hub: LocalHub
) -> None:
    local_hub.faults.bytes_per_s = 3_000_000
    downloads.start(CARD)
    wait_for(downloads, "running", more_than=200_000)
    for _ in range(3):
        downloads.pause(CARD)
        downloads.start(CARD)
    local_hub.faults.bytes_per_s = 0
    wait_for(downloads, "here")


def test_another_program_is_seen(
    downloads: DownloadManager, local_hub: LocalHub, tmp_path: Path
) -> None:
    local_hub.faults.stall_after = 1_000_000
    other = DownloadManager(tmp_path, HubSettings(endpoint=local_hub.url))
    other.start(CARD)
    wait_for(downloads, "elsewhere", more_than=900_000)
    downloads.start(CARD)  # waits for it, and finds the files there
    local_hub.faults.stall_after = None
    wait_for(downloads, "here")


def test_a_failure_is_reported_and_can_be_tried_again(
    downloads: DownloadManager, local_hub: LocalHub
) -> None:
    local_hub.sent_in_place[BIG] = WEIGHTS[:-1] + b"x"
    downloads.start(CARD)
    failed = wait_for(downloads, "failed")
    assert "is damaged" in failed.sentence
    local_hub.sent_in_place.clear()
    downloads.start(CARD)
    wait_for(downloads, "here")


def test_a_restricted_licence_needs_a_yes_once(
    downloads: DownloadManager, local_hub: LocalHub
) -> None:
    card = make_card(license="Llama 3.2", license_restricted=True)
    with pytest.raises(NotFetchedError, match=r"Llama 3\.2"):
        downloads.start(card)
    assert local_hub.requests == []
    local_hub.faults.stall_after = 1_000_000
    downloads.start(card, accept_license=True)
    wait_for(downloads, "running", more_than=900_000)
    downloads.pause(card)
    local_hub.faults.stall_after = None
    wait_for(downloads, "paused")
    downloads.start(card)  # it was accepted when it began
    wait_for(downloads, "here")


def test_removing_ends_what_runs(
    downloads: DownloadManager, local_hub: LocalHub, tmp_path: Path
) -> None:
    local_hub.faults.bytes_per_s = 1_000_000
    downloads.start(CARD)
    wait_for(downloads, "running", more_than=200_000)
    assert downloads.remove(CARD) > 0
    assert downloads.state(CARD).kind == "absent"
    assert stored_bytes(CARD, tmp_path) == 0
    assert downloads.running() == ()


def test_more_than_two_wait_for_their_turn(downloads: DownloadManager, local_hub: LocalHub) -> None:
    local_hub.faults.bytes_per_s = 1_000_000
    cards = [make_card(id=f"tiny-{n}", source=f"hf:{REPOSITORY}") for n in range(3)]
    for card in cards:
        downloads.start(card)
    give_up = time.monotonic() + TIMEOUT_S
    while sorted(downloads.state(card).kind for card in cards) != ["running", "running", "waiting"]:
        assert time.monotonic() < give_up
        time.sleep(0.02)
    local_hub.faults.bytes_per_s = 0
    while {downloads.state(card).kind for card in cards} != {"here"}:
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_another_program_pauses_it_and_it_can_go_on_at_once(
    downloads: DownloadManager, local_hub: LocalHub, tmp_path: Path
) -> None:
    local_hub.faults.bytes_per_s = 500_000
    downloads.start(CARD)
    wait_for(downloads, "running", more_than=200_000)
    other = DownloadManager(tmp_path, HubSettings(endpoint=local_hub.url))
    assert other.state(CARD).kind == "elsewhere"
    other.pause(CARD)
    assert other.wait_until_paused(CARD, TIMEOUT_S)
    assert wait_for(downloads, "paused").done_bytes > 200_000
    assert other.state(CARD).kind == "paused"
    wait_until_ended(downloads)
    downloads.start(CARD)  # the old request is not meant for it
    wait_for(downloads, "running")
    local_hub.faults.bytes_per_s = 0
    wait_for(downloads, "here")


def test_a_pause_is_for_all_who_download_and_who_wait_for_them(
    downloads: DownloadManager, local_hub: LocalHub, tmp_path: Path
) -> None:
    local_hub.faults.bytes_per_s = 500_000
    downloads.start(CARD)
    wait_for(downloads, "running", more_than=200_000)
    waiting = DownloadManager(tmp_path, HubSettings(endpoint=local_hub.url))
    waiting.start(CARD)
    wait_for(waiting, "running")
    DownloadManager(tmp_path, HubSettings(endpoint=local_hub.url)).pause(CARD)
    wait_for(downloads, "paused")
    wait_for(waiting, "paused")
    wait_until_ended(downloads, waiting)


def test_a_download_that_has_no_bytes_yet_is_seen_from_another_program(
    downloads: DownloadManager, local_hub: LocalHub, tmp_path: Path
) -> None:
    local_hub.faults.stall_after = 0
    other = DownloadManager(tmp_path, HubSettings(endpoint=local_hub.url))
    downloads.start(CARD)
    wait_for(other, "elsewhere")
    local_hub.faults.stall_after = None
    wait_for(other, "here")
