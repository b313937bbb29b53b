"""A test that lacks something is skipped with the command that brings it, and fails in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT

TEST = """
import pytest

@pytest.fixture
def browser():
    raise RuntimeError("its needs were not looked at before its fixtures were made")

def test_by_its_fixture(browser): ...

@pytest.mark.env("kokoro")
def test_by_its_mark(): ...

def test_that_needs_nothing(): ...
"""


@pytest.mark.parametrize(
    ("ci", "outcome"), [("", "1 passed, 2 skipped"), ("true", "1 passed, 2 errors")]
)
def test_what_is_missing_is_reported_with_its_command(
    tmp_path: Path, ci: str, outcome: str
) -> None:
    (tmp_path / "test_some.py").write_text(TEST)
    options = ["-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider"]
    code = f"import sys; sys.prefix = {str(tmp_path)!r}; import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *options, str(tmp_path / "test_some.py")],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path), "CHROMIUM": "", "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in done.stdout.splitlines()[-1], done.stdout
    assert "needs Chromium: sudo apt-get install chromium" in done.stdout
    assert "needs an environment kokoro: make environments" in done.stdout
