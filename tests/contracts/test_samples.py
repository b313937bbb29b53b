"""Programs of the older systems as their users have them: only an import or an address is new.

`tests/library/test_samples.py` has those for Gai's text and g4l's documents, `tests/library/test_report.py`
g4l's benchmark.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doors import OLD_PORTS, Doors
from tests.running import ROOT

from .recorded import HERE

pytestmark = pytest.mark.slow

SAMPLES = {
    "gai_speech.py": ["pieces: True b'RIFF'", "train leaves in the evening", "[0.0, "],
    "gai_rag.py": ["status: 100", "62 metres high. Tower True", "['demo'] Tower", "[]"],
    "g4l_json.py": ["chat.completion 0 stop", "dict"],
    "localai_chat.py": ["['mistral']", "mistral ", "Paris"],
    "localai_embeddings.sh": ["384"],
    "geniusrise_chat.py": ["Paris"],
    "geniusrise_route.py": ["Paris", "end"],
    "geniusrise_chain.py": ["steps: True", "end"],
    "llm_api_client.py": ["Paris", "the same: True", "384 float"],
}
"""What each prints, among other things."""


@pytest.fixture(scope="module")
def folder(doors: Doors, material: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the user works; also the home folder."""
    folder = tmp_path_factory.mktemp("user")
    shutil.copy(material / "tower.txt", folder)
    (folder / "models").mkdir()
    weights = doors.models / "mistral-7b-instruct-v0.2.Q4_0.gguf"
    (folder / "models" / "mistral-7b-instruct.gguf").symlink_to(weights)
    return folder


def at_our_ports(text: str, doors: Doors) -> str:
    """Return the program with the ports that are open here, where an old one was taken."""
    for system, port in OLD_PORTS.items():
        text = re.sub(rf"localhost:{port}\b", f"localhost:{doors.ports[system]}", text)
    return text


def test_every_sample_is_run() -> None:
    assert {
        path.name for path in (HERE / "samples").iterdir() if path.suffix in (".py", ".sh")
    } == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_still_works(doors: Doors, folder: Path, name: str) -> None:
    if name.endswith(".sh") and shutil.which("curl") is None:
        pytest.skip("curl is not installed: apt-get install curl")
    program = folder / name
    program.write_text(at_our_ports((HERE / "samples" / name).read_text(), doors))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", name] if name.endswith(".sh") else [sys.executable, name],
        cwd=folder,
        env={
            **os.environ,
            "HOME": str(folder),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "QUINTET_DATA_DIR": str(folder / "data"),
            "OPENAI_BASE_URL": f"{doors.app.url}/v1",
        },
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert [text for text in SAMPLES[name] if text not in done.stdout] == [], done.stdout
