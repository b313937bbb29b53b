"""The main process and the front ends import no model library, checked in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MODEL_LIBRARIES = {
    "TTS", "bitsandbytes", "chromadb", "ctranslate2", "cv2", "faster_whisper", "onnxruntime",
    "piper", "rapidocr", "torch", "transformers", "xllamacpp",
}  # fmt: skip

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
    assert imported_by(module) & MODEL_LIBRARIES == set()


@pytest.mark.parametrize("module", ["app", "workers.client", "workers.pool.pool"])
def test_a_worker_process_is_born_without_the_front_ends(module: str) -> None:
    """Spawn imports app.py again in every child: Gradio there would cost seconds and memory."""
    assert imported_by(module) & {"gradio", "fastapi", "api", "ui"} == set()


def test_the_probe_sees_a_library_that_is_imported() -> None:
    assert "yaml" in imported_by("configs.catalogue")
