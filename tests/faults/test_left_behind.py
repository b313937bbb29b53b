"""What killed processes leave in the system's folder for temporary things, and who removes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.running import ROOT, start_app, stop_app
from workers.media.scratch import LOCK_NAME, scratch_folder, sweep

OWNER = (
    "import sys, time\nfrom pathlib import Path\nfrom workers.media.scratch import scratch_folder\n"
    "with scratch_folder('test', Path(sys.argv[1])) as folder:\n"
    "    (folder / 'large').write_bytes(bytes(1000))\n"
    "    print(folder, flush=True)\n"
    "    time.sleep(600)\n"
)


def hold(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    """Return a process that has a folder, and the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(parent)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_killed_owners_folder_is_removed_and_a_living_ones_stays(tmp_path: Path) -> None:
    dead, lost = hold(tmp_path)
    alive, kept = hold(tmp_path)
    try:
        dead.send_signal(signal.SIGKILL)
        dead.communicate()
        assert lost.is_dir()
        assert sweep(tmp_path) == 1
        assert not lost.exists()
        assert (kept / "large").exists()
    finally:
        end(alive)
    assert sweep(tmp_path) == 1


def test_ones_own_folder_stays_while_it_is_used_and_goes_afterwards(tmp_path: Path) -> None:
    with scratch_folder("mine", tmp_path) as folder:
        assert sweep(tmp_path) == 0
        assert folder.is_dir()
    assert not folder.exists()


def test_what_only_looks_like_one_of_ours_is_not_touched(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / LOCK_NAME).touch()
    (tmp_path / "quintet-link").symlink_to(precious)
    (tmp_path / "quintet-file").touch()
    (tmp_path / "quintet-no-lock").mkdir()
    (tmp_path / "other-folder").mkdir()
    (tmp_path / "other-folder" / LOCK_NAME).touch()
    linked = tmp_path / "quintet-linked-lock"
    linked.mkdir()
    (linked / LOCK_NAME).symlink_to(precious / LOCK_NAME)
    assert sweep(tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 6
    assert (precious / LOCK_NAME).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_folder_is_not_touched(tmp_path: Path) -> None:
    folder = tmp_path / "quintet-theirs"
    folder.mkdir()
    (folder / LOCK_NAME).touch()
    os.chown(folder, 12345, 12345)
    assert sweep(tmp_path) == 0
    assert folder.exists()


@pytest.mark.slow
def test_a_start_removes_what_a_killed_quintet_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    dead, lost = hold(tmp_path / "tmp")
    end(dead)
    assert lost.is_dir()
    app = start_app(tmp_path)
    try:
        assert not lost.exists()
        assert httpx.get(f"{app.url}/healthz").status_code == 200
    finally:
        stop_app(app)
    left = [path.name for path in (tmp_path / "tmp").glob("quintet-*")]
    assert left == []
