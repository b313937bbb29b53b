"""What scripts may import is listed, whole and in order: nothing comes or goes unseen."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOORS = {"quintet": "quintet.py", "workers.client": "workers/client.py"}


def public_names(path: Path) -> set[str]:
    """Names that a module defines, or passes on with `import X as X`."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names if alias.asname == alias.name}
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
    return {name for name in names if not name.startswith("_")}


def in_order(name: str) -> tuple[int, str]:
    """Constants, classes, functions and modules: as ruff sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("module", DOORS)
def test_every_public_name_is_listed_once_and_in_order(module: str) -> None:
    listed = importlib.import_module(module).__all__
    assert listed == sorted(public_names(ROOT / DOORS[module]), key=in_order)


def test_the_librarys_folder_has_no_second_door() -> None:
    assert public_names(ROOT / "library" / "__init__.py") == set()
