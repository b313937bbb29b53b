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


def imported_by(module: str) -> set[str]:
    """Top-level names in sys.modules after importing one module in a new interpreter."""
    code = f"import {module}, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize("module", MAIN_PROCESS)
def test_main_process_imports_no_model_library(module: str) -> None:
    assert imported_by(module) & model_libraries() == set()


def test_reading_every_record_imports_no_model_library() -> None:
    code = "import workers.specs.spec as s, sys, json; s.engine_specs(); print(json.dumps([*sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}
    assert names & model_libraries() == set()


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


@pytest.mark.parametrize("module", ["app", "workers.client", "workers.pool.pool"])
def test_a_worker_process_is_born_without_the_front_ends(module: str) -> None:
    """Spawn imports app.py again in every child: Gradio there would cost seconds and memory."""
    assert imported_by(module) & {"gradio", "fastapi", "api", "ui"} == set()


def test_the_probe_sees_a_library_that_is_imported() -> None:
    assert "yaml" in imported_by("configs.catalogue")
