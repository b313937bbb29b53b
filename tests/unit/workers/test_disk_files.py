"""Files in folders that others delete meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

from workers.models.disk_files import file_bytes, files_below, folder_bytes


def test_files_of_a_folder_and_below_it_are_found_and_counted(tmp_path: Path) -> None:
    (tmp_path / "below" / "deeper").mkdir(parents=True)
    (tmp_path / "first").write_bytes(bytes(3))
    (tmp_path / "below" / "deeper" / "second").write_bytes(bytes(4))
    (tmp_path / "link").symlink_to(tmp_path / "first")
    (tmp_path / "nowhere").symlink_to(tmp_path / "none")
    (tmp_path / "round").symlink_to(tmp_path)
    names = {path.name for path in files_below(tmp_path)}
    assert {"first", "second", "link"} <= names
    assert folder_bytes(tmp_path) == 3 + 4 + 3
    assert file_bytes(tmp_path / "below") is None


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert list(files_below(tmp_path / "none")) == []
    assert folder_bytes(tmp_path / "none") == 0


def test_what_is_deleted_while_it_is_read_is_left_out(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"1")
    (tmp_path / "first").write_bytes(b"1")
    files = files_below(tmp_path)
    first = next(files)
    shutil.rmtree(tmp_path)
    assert list(files) == []  # the folders that were seen have gone
    assert file_bytes(first) is None
