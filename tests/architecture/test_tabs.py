"""A tab of the page is one folder and one line: nothing else of the page knows it."""

from __future__ import annotations

import re
from pathlib import Path
from pkgutil import resolve_name

import pytest

from ui.blocks import TABS, PageTab

UI = Path(__file__).parents[2] / "ui"
FOLDERS = sorted(path.parent for path in UI.glob("*/__init__.py"))


IMPORTED = re.compile(r"^\s*from (\.*)([\w.]*) import|^\s*import ([\w.]+)", re.MULTILINE)


def imported(path: Path) -> set[str]:
    """Full names of the modules that a file imports from."""
    package = ["ui", *path.parent.relative_to(UI).parts]
    names = set()
    for dots, name, plain in IMPORTED.findall(path.read_text("utf-8")):
        above = package[: len(package) - len(dots) + 1] if dots else []
        names.add(plain or ".".join([*above, *([name] if name else [])]))
    return names


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_of_the_page_imports_only_itself_and_core(folder: Path) -> None:
    known = {f"ui.{path.name}" for path in FOLDERS} - {f"ui.{folder.name}", "ui.core"}
    foreign = {
        f"{path.name}: {name}"
        for path in folder.rglob("*.py")
        for name in imported(path)
        if ".".join(name.split(".")[:2]) in known
    }
    assert foreign == set()


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.id)
def test_every_tab_of_the_page_can_be_built(tab: PageTab) -> None:
    """The list is text: a misspelled target would show only when the page is opened."""
    assert callable(resolve_name(tab.target))
