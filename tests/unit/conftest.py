"""Tests below this folder start no process and read no weights: here both are refused."""

from __future__ import annotations

import importlib.util
import subprocess
from importlib.machinery import ModuleSpec
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from configs.catalogue import load_catalogue
from workers.models.weights import package_of


@pytest.fixture(scope="session")
def packages_of_weights() -> set[str]:
    cards = load_catalogue().values()
    packaged = [package_of(card) for card in cards if card.source.startswith("package:")]
    return {inside.partition("/")[0] for _, inside in packaged} - {"rapidocr"}


@pytest.fixture(autouse=True)
def pure(packages_of_weights: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec

    def find(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name in packages_of_weights else find_spec(name, package)

    def refuse(*arguments: Any, **options: Any) -> None:
        pytest.fail("A test of tests/unit starts a process: it belongs beside what it starts.")

    monkeypatch.setattr(importlib.util, "find_spec", find)
    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr(BaseProcess, "start", refuse)
