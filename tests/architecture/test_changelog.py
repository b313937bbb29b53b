"""The changelog has a dated section for the version that pyproject.toml names."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECTION = re.compile(r"(?m)^## \[(\d+\.\d+\.\d+)\] - (\S+)$")


def test_every_version_has_its_date_and_the_newest_is_ours() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = SECTION.findall(text)
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{sections[0][0]}"' in pyproject
    dates = [date.fromisoformat(day) for _, day in sections]
    assert dates == sorted(dates, reverse=True)
    headings = re.findall(r"(?m)^## .*$", text)
    assert headings[0] == "## [Unreleased]"
    assert len(headings) == len(sections) + 1, "a heading that is neither"
