"""The documents name files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FOLDERS = "api|app|assets|benchmarks|cli|compat|configs|docs|library|requirements|tests|ui|workers"
NAMED = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)`")
LINKED = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    named = [ROOT / name for name in NAMED.findall(text)]
    linked = [path.parent / link for link in LINKED.findall(text)]
    assert [str(file) for file in [*named, *linked] if not file.exists()] == []


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "adr"
    records = {path.name for path in folder.glob("[0-9]*.md")}
    assert set(re.findall(r"\((\d{4}[\w-]+\.md)\)", (folder / "README.md").read_text())) == records
