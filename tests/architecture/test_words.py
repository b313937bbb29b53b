"""The words that the field's replaced (`docs/glossary.md`) name nothing any more."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .test_layout import PYTHON_FILES, ROOT, relative

RETIRED = (
    "applicant", "birth", "born", "census", "demand", "desk", "elsewhere", "footprint", "guests",
    "hindrance", "holder", "holders", "holding", "holdings", "job", "jobs", "leaver", "leavers",
    "ledger", "need_of", "overdrawn", "owed", "patience", "peeked", "predict", "predictor",
    "refusals", "room_for", "shed", "shelf", "side_by_side", "tenant", "tenants", "told", "trouble",
    "twins", "verdict", "waiting_line",
)  # fmt: skip
FOREIGN = ROOT / "tests" / "contracts" / "samples"
"""Scripts of other systems' documentation, kept as their users wrote them."""
HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def names_in(path: Path) -> Iterator[str]:
    """What a file names itself: classes, functions, arguments, variables, attributes, the module.

    What it only uses may be another library's. The name of a test is a sentence.
    """
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not node.name.startswith("test_"):
                yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, (ast.alias, ast.ExceptHandler)):
            yield (node.asname if isinstance(node, ast.alias) else node.name) or ""


def retired_in(name: str) -> list[str]:
    """Return the retired words that a name is made of: `_is_told` → told."""
    words = f"_{HUMPS.sub('_', name).lower()}_"
    return [word for word in RETIRED if f"_{word}_" in words]


@pytest.mark.parametrize(
    ("name", "words"),
    [("_is_told", ["told"]), ("NextJob", ["job"]), ("LEDGER", ["ledger"]), ("folder", [])],
)
def test_a_word_is_found_within_a_name(name: str, words: list[str]) -> None:
    assert retired_in(name) == words


def test_no_retired_word_names_anything() -> None:
    own = [path for path in PYTHON_FILES if FOREIGN not in path.parents]
    found = {
        f"{relative(path)}: {name}": words
        for path in own
        for name in names_in(path)
        if (words := retired_in(name))
    }
    assert found == {}, "use the words of docs/glossary.md"
