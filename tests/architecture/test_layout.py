"""House rules that no linter checks: file length, names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "benchmarks", "cli", "compat", "configs", "docs", "library", "tests", "ui", "workers")
MAX_LINES = 400

PYTHON_FILES = sorted(
    [*ROOT.glob("*.py"), *(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))]
)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PYTHON_FILES, ids=relative)
def test_no_file_is_longer_than_the_limit(path: Path) -> None:
    num_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert num_lines <= MAX_LINES, f"{relative(path)} has {num_lines} lines: split it"


def test_modules_are_named_after_their_idea() -> None:
    nameless = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert [relative(path) for path in PYTHON_FILES if path.name in nameless] == []


def test_source_names_no_unfinished_work() -> None:
    marker = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    sources = [path for path in PYTHON_FILES if "tests" not in path.parts]
    assert [relative(path) for path in sources if marker.search(path.read_text("utf-8"))] == []
