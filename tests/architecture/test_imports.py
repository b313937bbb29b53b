"""The main process and the front ends import no model library, checked in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from workers.specs.spec import model_libraries

ROOT = Path(__file__).parents[2]

tomllib = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

TOOLS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
ALSO_BANNED = {"pynvml"}
"""Asks the graphics card's driver: the pool does, inside a function."""

MAIN_PROCESS = [
    "app",
    "api.app",
    "ui.blocks",
    "workers.client",
    "workers.assembly",
    "workers.pool.pool",
    "quintet",
    "cli.main",
]


LEAN = ["app", "workers.client", "workers.pool.pool"]
"""Imported again in every child that is spawned, or beside it."""

PROBE = """
import importlib, json, sys
names, seen = json.loads(sys.argv[1]), {"": sorted(sys.modules)}
for name in names:
    importlib.import_module(name)
    seen[name] = sorted(sys.modules)
import workers.specs.spec
workers.specs.spec.engine_specs()
print(json.dumps({**seen, "every record": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """Top-level names in sys.modules after each import, one after the other in a new interpreter.

    A module's set holds what those before it have imported: if none has a library, none imports it.
    """
    names = [*LEAN, "configs.catalogue", *(name for name in MAIN_PROCESS if name not in LEAN)]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(names)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    seen: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return {name: {module.partition(".")[0] for module in seen[name]} for name in seen}


@pytest.mark.parametrize("module", [*MAIN_PROCESS, "every record"])
def test_main_process_imports_no_model_library(module: str, loaded: dict[str, set[str]]) -> None:
    assert loaded[module] & model_libraries() == set()


def test_ruff_bans_the_libraries_that_the_records_name() -> None:
    tidy = TOOLS["ruff"]["lint"]["flake8-tidy-imports"]
    assert set(tidy["banned-module-level-imports"]) == model_libraries() | ALSO_BANNED


def test_import_linter_forbids_the_libraries_that_the_records_name() -> None:
    (contract,) = (
        contract
        for contract in TOOLS["importlinter"]["contracts"]
        if "model library" in contract["name"]
    )
    assert set(contract["forbidden_modules"]) == model_libraries()


def test_mypy_knows_of_the_libraries_that_the_records_name() -> None:
    known = {
        name.removesuffix(".*")
        for override in TOOLS["mypy"]["overrides"]
        if override.get("ignore_missing_imports")
        for name in override["module"]
    }
    assert model_libraries() - known == set()


@pytest.mark.parametrize("module", LEAN)
def test_a_worker_process_is_born_without_the_front_ends(
    module: str, loaded: dict[str, set[str]]
) -> None:
    """Spawn imports app.py again in every child: Gradio there would cost seconds and memory."""
    assert loaded[module] & {"gradio", "fastapi", "api", "ui"} == set()


def test_the_probe_sees_a_library_that_is_imported(loaded: dict[str, set[str]]) -> None:
    assert "yaml" not in loaded[""]
    assert "yaml" in loaded["configs.catalogue"]
    assert {"gradio", "fastapi"} <= loaded["ui.blocks"]
