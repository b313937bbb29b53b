"""A download that is killed at any point goes on from there and ends with the right checksum."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from configs.settings import HubSettings
from tests.downloads.conftest import WEIGHTS, Pull, make_card
from tests.downloads.local_hub import LocalHub
from tests.downloads.test_sharing import BIG, half_file, start, wait_for_bytes
from workers.messages.errors import NotFetchedError
from workers.models.downloads.download import as_fetched, is_present, stored_bytes
from workers.models.downloads.manager import DownloadManager
from workers.models.weights import find_folder

pytestmark = pytest.mark.slow

SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
BUFFER_BYTES = 16 * 1024
"""What a killed process may have had in hand."""


@pytest.mark.parametrize("percent", [10, 50, 99])
def test_killed_and_resumed_the_checksum_is_right(
    percent: int, local_hub: LocalHub, pull: Pull, tmp_path: Path
) -> None:
    local_hub.faults.stall_after = len(WEIGHTS) * percent // 100
    process = start(local_hub, tmp_path)
    wait_for_bytes(half_file(tmp_path), local_hub.faults.stall_after - BUFFER_BYTES)
    process.kill()
    process.communicate(timeout=20)
    assert process.returncode == -9
    local_hub.faults.stall_after = None

    card, half = make_card(), half_file(tmp_path).stat().st_size
    assert half == pytest.approx(len(WEIGHTS) * percent / 100, abs=BUFFER_BYTES)
    assert not is_present(card, tmp_path)
    with pytest.raises(NotFetchedError):
        find_folder(card, tmp_path)  # a half file is never loaded
    seen = DownloadManager(tmp_path, HubSettings(endpoint=local_hub.url)).state(card)
    assert seen.kind == "paused"
    assert seen.percent == pytest.approx(percent, abs=1)
    assert str(seen) == f"paused at {seen.percent} %"

    folder = pull(card)
    assert hashlib.sha256((folder / BIG).read_bytes()).hexdigest() == SHA256
    assert as_fetched(card, tmp_path).files[BIG] == SHA256
    assert local_hub.gets(BIG)[-1].range == f"bytes={half}-"
    assert stored_bytes(card, tmp_path) > len(WEIGHTS)
