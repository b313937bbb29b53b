"""House rules that no linter checks: length of files and functions, names."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGES = "api benchmarks cli compat configs docs library tests ui workers".split()
SOURCES = [name for name in PACKAGES if name not in ("docs", "tests")]
MAX_LINES = 300
MAX_TEST_LINES = 400
"""A test file is a list; it may be longer than what has one idea."""
MAX_FUNCTION_LINES = 40

PYTHON_FILES = sorted(
    [*ROOT.glob("*.py"), *(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))]
)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@lru_cache
def measures() -> Any:
    """Return what `measures.py` says of the source: `functions` and `classes`."""
    command = [sys.executable, str(Path(__file__).with_name("measures.py")), *SOURCES]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)


def test_no_file_is_longer_than_the_limit() -> None:
    lines = {relative(path): len(path.read_text("utf-8").splitlines()) for path in PYTHON_FILES}
    too_long = {
        name: count
        for name, count in lines.items()
        if count > (MAX_TEST_LINES if name.startswith("tests/") else MAX_LINES)
    }
    assert too_long == {}, "split them"


def test_no_function_is_longer_than_the_limit() -> None:
    functions: dict[str, int] = measures()["functions"]
    assert {n: c for n, c in functions.items() if c > MAX_FUNCTION_LINES} == {}, "split them"


def test_a_class_name_means_one_thing() -> None:
    """The bodies of a dialect have the names that their system gives them."""
    own = {
        name: [path for path in paths if not path.endswith("schemas.py")]
        for name, paths in measures()["classes"].items()
    }
    assert {name: paths for name, paths in own.items() if len(paths) > 1} == {}


def test_modules_are_named_after_their_idea() -> None:
    nameless = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert [relative(path) for path in PYTHON_FILES if path.name in nameless] == []


def test_source_names_no_unfinished_work() -> None:
    marker = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    sources = [path for path in PYTHON_FILES if "tests" not in path.parts]
    assert [relative(path) for path in sources if marker.search(path.read_text("utf-8"))] == []
