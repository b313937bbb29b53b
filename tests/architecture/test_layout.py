"""House rules that no linter checks: file length, names."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = "api benchmarks cli compat configs docs library tests ui workers".split()
MAX_LINES = 400

PYTHON_FILES = sorted(
    [*ROOT.glob("*.py"), *(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))]
)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_is_longer_than_the_limit() -> None:
    lines = {relative(path): len(path.read_text("utf-8").splitlines()) for path in PYTHON_FILES}
    too_long = {name: count for name, count in lines.items() if count > MAX_LINES}
    assert too_long == {}, "split them"


def test_modules_are_named_after_their_idea() -> None:
    nameless = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert [relative(path) for path in PYTHON_FILES if path.name in nameless] == []


def test_source_names_no_unfinished_work() -> None:
    marker = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    sources = [path for path in PYTHON_FILES if "tests" not in path.parts]
    assert [relative(path) for path in sources if marker.search(path.read_text("utf-8"))] == []
