"""An engine from another package is used through every door, and nothing of ours is touched for it."""

from __future__ import annotations

import io
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client

from tests.running import ROOT, App, start_app, stop_app
from workers.specs import spec as specs

LEVEL = 1234
"""Every sample of the sound that the engine makes: 16 bits."""

PACKAGE = """
from pathlib import Path

from workers.specs.spec import EngineSpec

SPEC = EngineSpec(
    modality="tts",
    name="beeper",
    target="quintet_beeper.engine:Beeper",
    title="Beeper",
    cards=Path(__file__).parent,
)
"""
ENGINE = """
class Beeper:
    device, slots, capabilities, context_length = "cpu", 1, frozenset(), 0
    sample_rate, voices = 16_000, ("flat",)

    def load(self, folder, settings, report):
        self.loudness = settings.card.options["level"]

    def language_of(self, voice):
        return "en"

    def speak(self, text, voice, speed, cancel):
        return self.loudness.to_bytes(2, "little") * 8_000

    def close(self):
        pass
"""
CARD = f"""
id: beep
name: Beep
modality: tts
engine: beeper
source: package:quintet-beeper==1.0/quintet_beeper
files: {{}}
license: MIT
license_url: https://spdx.org/licenses/MIT.html
origin: tests
parameters_m: 0
memory_mib: 150
options: {{level: {LEVEL}}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as pip fills it: the package, and what its metadata says of it."""
    site = tmp_path_factory.mktemp("site")
    files = {
        "quintet_beeper/__init__.py": PACKAGE,
        "quintet_beeper/engine.py": ENGINE,
        "quintet_beeper/beep.yaml": CARD,
        "quintet_beeper-1.0.dist-info/METADATA": "Name: quintet-beeper\nVersion: 1.0\n",
        "quintet_beeper-1.0.dist-info/entry_points.txt": (
            "[quintet.engines]\nbeeper = quintet_beeper:SPEC\n"
            "gone = no_such_package_of_quintet:SPEC\nwrong = os:sep\n"
        ),
    }
    for name, content in files.items():
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text(content, encoding="utf-8")
    return site


@pytest.fixture(scope="module")
def app(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = start_app(
        tmp_path_factory.mktemp("app"),
        PYTHONPATH=str(package),
        QUINTET_WORKERS__TTS__MODEL="beep",
        QUINTET_POOL__WARM="[]",
    )
    yield running
    stop_app(running)


def samples_of(data: bytes) -> set[int]:
    with wave.open(io.BytesIO(data)) as file:
        pcm = file.readframes(file.getnframes())
    return {int.from_bytes(pcm[at : at + 2], "little") for at in range(0, len(pcm), 2)}


def test_http_speaks_with_it(app: App) -> None:
    body = {"model": "beep", "voice": "flat", "input": "Hello.", "response_format": "wav"}
    answer = httpx.post(f"{app.url}/v1/audio/speech", json=body, timeout=60)
    assert answer.is_success, answer.text
    assert samples_of(answer.content) == {LEVEL, 0}
    models = httpx.get(f"{app.url}/v1/models", timeout=60).json()["data"]
    assert "beep" in {model["id"] for model in models}


def test_the_page_speaks_with_it(app: App, tmp_path: Path) -> None:
    client = Client(app.url, verbose=False, download_files=str(tmp_path))
    try:
        spoken = client.predict(text="Hello.", voice="flat", api_name="/speak")
        assert Path(spoken).stat().st_size > 0
        assert "beep" in {model["id"] for model in client.predict(api_name="/list_models")}
    finally:
        client.close()


def test_the_command_speaks_with_it(package: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "quintet.py"), "speak", "Hello.", "--model", "beep"]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "a.wav"), "--data-dir", str(tmp_path / "data")],
        env={"PYTHONPATH": str(package), "HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert samples_of((tmp_path / "a.wav").read_bytes()) == {LEVEL, 0}


def test_what_is_no_engine_is_left_out_and_reported(
    package: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.syspath_prepend(str(package))
    specs._of_packages.cache_clear()
    try:
        found = specs.find_spec("tts", "beeper")
        assert found is not None
        assert found in specs.engine_specs("tts")
        assert found not in specs.engine_specs("text")
        assert found not in specs.built_in_specs()
    finally:
        specs._of_packages.cache_clear()
    assert "no_such_package_of_quintet:SPEC are left out" in caplog.text
    assert "os:sep are left out" in caplog.text
