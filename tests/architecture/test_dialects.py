"""Every dialect's folder is guarded: the contract that keeps dialects apart names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.core.dialect import Dialect
from compat.dialects import DIALECTS

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "pyproject.toml").read_text("utf-8")
CONTRACT = SETTINGS.partition('name = "No dialect knows another')[2].partition("[[")[0]
SHARED = {"core", "gate", "server"}
"""Folders of `api/` that are no dialect."""
FOLDERS = sorted(
    f"{path.parent.parent.name}.{path.parent.name}"
    for door in ("api", "compat")
    for path in (ROOT / door).glob("*/__init__.py")
    if path.parent.name not in SHARED
)


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_contract_of_import_linter_names_every_folder(folder: str) -> None:
    assert f'"{folder}"' in CONTRACT


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_dialect_is_made_in_a_folder_of_its_own(dialect: Dialect) -> None:
    module = dialect.create_router.__module__
    assert any(module.startswith(f"{folder}.") for folder in FOLDERS)


def test_every_dialect_has_its_page() -> None:
    assert [d.page for d in DIALECTS if not (ROOT / "docs" / f"{d.page}.md").is_file()] == []
