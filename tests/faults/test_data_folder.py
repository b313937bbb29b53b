"""A data folder that cannot be written: one sentence and exit status 2 at the start, nothing served."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from configs.errors import ConfigError
from tests.running import ROOT, App, free_port, start_app, stop_app
from workers.models.data_folder import prepare_data_folder


def serve(data_dir: Path, before: Callable[[], None] | None = None) -> tuple[int, str]:
    """Start Quintet on a data folder that it must refuse; returns the exit status and what it said."""
    ended = subprocess.run(
        [sys.executable, "app.py", "--port", str(free_port()), "--data-dir", str(data_dir)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, preexec_fn=before,
    )  # fmt: skip
    return ended.returncode, ended.stderr


def forbid_writing() -> None:
    """Let no file grow: what a full disk or a quota does."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def assert_one_sentence(status: int, said: str, *words: str) -> None:
    assert status == 2, said
    assert said.count("\n") == 1, said
    assert said.startswith("quintet: The data folder ")
    assert "--data-dir" in said
    for word in words:
        assert word in said


def test_a_file_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("precious")
    assert_one_sentence(*serve(tmp_path / "data"), "a file is in its place")
    assert_one_sentence(*serve(tmp_path / "data" / "within"), "a file is in its place")
    assert (tmp_path / "data").read_text() == "precious"


@pytest.mark.skipif(not Path("/proc/sys").is_dir(), reason="needs a system with /proc")
def test_a_file_system_that_takes_nothing() -> None:
    assert_one_sentence(*serve(Path("/proc/sys")), "/proc/sys", "cannot be written")
    assert_one_sentence(*serve(Path("/proc/sys/quintet")), "cannot be written")


def test_a_disk_with_no_room(tmp_path: Path) -> None:
    assert_one_sentence(*serve(tmp_path, forbid_writing), "no room is left")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_or_one_within_that_is_read_only(tmp_path: Path) -> None:
    (tmp_path / "collections").mkdir(mode=0o500)
    with pytest.raises(ConfigError, match="permission denied"):
        prepare_data_folder(tmp_path)
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match="permission denied"):
        prepare_data_folder(tmp_path)
    tmp_path.chmod(0o700)


def test_one_that_is_not_there_is_made_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    prepare_data_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


# --- two on one folder ---------------------------------------------------------------------------


def retrieve(app: App) -> httpx.Response:
    body = {"collection_name": "none", "query_texts": "Hi"}
    return httpx.post(f"{app.url}/gen/v1/rag/retrieve", json=body, timeout=60)


@pytest.mark.slow
def test_a_second_quintet_says_503_for_documents_and_does_the_rest(tmp_path: Path) -> None:
    first = start_app(tmp_path)
    try:
        assert retrieve(first).status_code == 404  # it has the collections open, and none is there
        (tmp_path / "second").mkdir()
        (tmp_path / "second" / "data").symlink_to(first.data_dir)
        second = start_app(tmp_path / "second")
        try:
            answer = retrieve(second)
            assert answer.status_code == 503, answer.text
            assert "Another Quintet has the documents" in answer.text
            assert "--data-dir" in answer.text
            vectors = httpx.post(f"{second.url}/v1/embeddings", json={"input": "Hi"}, timeout=60)
            assert vectors.status_code == 200, vectors.text
        finally:
            stop_app(second)
        assert retrieve(first).status_code == 404
    finally:
        stop_app(first)
