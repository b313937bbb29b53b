"""What the pictures of the documents share: a Quintet of their own, and small files."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Page, ViewportSize

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
BROWSER = os.environ.get("CHROMIUM") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDE = ViewportSize(width=1200, height=800)
PHONE = ViewportSize(width=390, height=844)
LONG_MS = 60_000
COLOURS = 256
"""Chosen for coverage, or the small dots of the modalities lose theirs."""

Scheme = Literal["light", "dark"]
LOOKS: dict[str, tuple[ViewportSize, Scheme]] = {
    "": (WIDE, "light"),
    "-dark": (WIDE, "dark"),
    "-phone": (PHONE, "light"),
    "-phone-dark": (PHONE, "dark"),
}
"""How each tab is shown, by the end of the file's name."""


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_quintet(data_dir: Path, port: int, *args: str, **settings: str) -> Iterator[str]:
    """Start Quintet with these variables of the environment, give its address, and end it."""
    app = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port), "--data-dir", str(data_dir), *args],
        cwd=ROOT,
        env=os.environ | settings,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/healthz")
        yield url
    finally:
        app.terminate()
        app.wait()


def _wait_for(url: str) -> None:
    while True:
        try:
            urllib.request.urlopen(url).close()
        except OSError:
            time.sleep(0.2)
        else:
            return


def take(page: Page, name: str) -> None:
    """Write what the page looks like, as it comes to rest, to docs/images/."""
    page.wait_for_timeout(500)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    small = picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(IMAGES / f"{name}.png", optimize=True)
