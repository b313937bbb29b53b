"""Two who want one model share one download, and a killed one is continued."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.downloads.conftest import REPOSITORY, WEIGHTS, Pull, make_card
from tests.downloads.local_hub import LocalHub
from tests.running import ROOT
from workers.messages.errors import DownloadPausedError, UnsupportedInputError
from workers.models.downloads.download import DownloadProgress, is_present, remove

BIG = "tiny.Q4_K_M.gguf"
SCRIPT = """
import sys
from pathlib import Path
from configs.settings import HubSettings
from tests.downloads.conftest import make_card
from workers.models.downloads.download import fetch
hub = HubSettings(endpoint=sys.argv[1])
print(fetch(make_card(), Path(sys.argv[2]), hub, lambda progress: None))
"""


def start(hub: LocalHub, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, hub.url, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for_bytes(half: Path, num_bytes: int) -> None:
    give_up = time.monotonic() + 30
    while not half.exists() or half.stat().st_size < num_bytes:
        assert time.monotonic() < give_up
        time.sleep(0.01)


def half_file(folder: Path) -> Path:
    return folder / "models" / ".part" / "tiny" / BIG


def test_two_processes_download_once(local_hub: LocalHub, tmp_path: Path) -> None:
    local_hub.faults.bytes_per_s = 3_000_000
    processes = [start(local_hub, tmp_path) for _ in range(2)]
    answers = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert answers == [str(tmp_path / "models" / "tiny")] * 2
    assert (Path(answers[0]) / BIG).read_bytes() == WEIGHTS
    assert len(local_hub.gets(BIG)) == 1


def test_a_killed_download_is_continued(local_hub: LocalHub, pull: Pull, tmp_path: Path) -> None:
    local_hub.faults.bytes_per_s = 1_000_000
    process = start(local_hub, tmp_path)
    wait_for_bytes(half_file(tmp_path), 500_000)
    process.kill()
    process.communicate()
    assert not is_present(make_card(), tmp_path)
    half = half_file(tmp_path).stat().st_size
    local_hub.faults.bytes_per_s = 0
    assert (pull(make_card()) / BIG).read_bytes() == WEIGHTS
    assert local_hub.gets(BIG)[-1].range == f"bytes={half}-"


def test_who_waits_is_informed_and_goes_on_when_the_first_stops(
    local_hub: LocalHub, pull: Pull, tmp_path: Path
) -> None:
    local_hub.faults.bytes_per_s = 1_000_000
    stop = threading.Event()
    heard: list[DownloadProgress] = []
    results: list[object] = []

    def first() -> None:
        try:
            results.append(pull(make_card(), is_cancelled=stop.is_set))
        except DownloadPausedError as err:
            results.append(err)

    def hear(progress: DownloadProgress) -> None:
        heard.append(progress)
        if "waiting for another download of Tiny" in progress.what:
            local_hub.faults.bytes_per_s = 0
            stop.set()

    thread = threading.Thread(target=first)
    thread.start()
    wait_for_bytes(half_file(tmp_path), 100_000)
    with pytest.raises(UnsupportedInputError, match="Tiny is being downloaded"):
        remove(make_card(), tmp_path)
    folder = pull(make_card(), hear)
    thread.join()
    assert isinstance(results[0], DownloadPausedError)
    assert (folder / BIG).read_bytes() == WEIGHTS
    assert heard[0].what.startswith("waiting")
    assert local_hub.gets(BIG)[-1].range is not None
    assert local_hub.gets(BIG)[-1].path == f"/content/{BIG}"


def test_two_cards_of_one_repository_do_not_wait_for_each_other(
    local_hub: LocalHub, pull: Pull
) -> None:
    local_hub.faults.bytes_per_s = 1_000_000
    thread = threading.Thread(target=pull, args=(make_card(),))
    thread.start()
    other = pull(make_card(id="other", source=f"hf:{REPOSITORY}", files={"config.json": None}))
    assert (other / "config.json").is_file()
    assert thread.is_alive()
    local_hub.faults.bytes_per_s = 0
    thread.join()
