"""What recorded requests send, and where they are sent."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import av
import pytest

from tests.doors import OLD_PORTS, taken
from tests.running import ROOT
from tests.vision.drawing import draw_receipt, to_media


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that requests send and programs read."""
    folder = tmp_path_factory.mktemp("material")
    shutil.copy(ROOT / "assets" / "example-handbook.pdf", folder / "handbook.pdf")
    (folder / "receipt.png").write_bytes(to_media(draw_receipt()).read())
    (folder / "tower.txt").write_text("The tower is 62 metres high.")
    to_webm(ROOT / "assets" / "example-speech.mp3", folder / "spoken.webm")
    return folder


@pytest.fixture(scope="session")
def texts(material: Path) -> dict[str, str]:
    """What {name} stands for in a recorded request."""
    receipt = base64.b64encode((material / "receipt.png").read_bytes()).decode()
    return {"receipt": receipt, "long": "word " * 20_000}


def to_webm(source: Path, target: Path) -> None:
    """Write a recording as a browser's microphone does."""
    with av.open(str(source)) as given, av.open(str(target), "w", format="webm") as file:
        stream = file.add_stream("libopus", rate=48_000)
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
        for frame in given.decode(audio=0):
            for part in resampler.resample(frame):
                file.mux(stream.encode(part))
        file.mux(stream.encode(None))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for system, port in taken.items():
        terminalreporter.write_line(
            f"contracts: port {OLD_PORTS[system]} of {system} was taken; {port} in its place"
        )
