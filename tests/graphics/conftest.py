"""A copy of the project with a virtual environment of its own, a fake driver and a local package index."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.graphics.package_index import PackageIndex, serving
from tests.graphics.wheel_files import engine_wheel, write_wheel
from tests.wheels import lock_of

ROOT = Path(__file__).parents[2]
RTX_4060 = {"name": "NVIDIA GeForce RTX 4060", "capability": [8, 9], "mib": 8188}
NO_LIBRARY = {"error": [12, "NVML Shared Library Not Found"]}


def driver_answer(version: str, *cards: dict[str, Any], cuda: int = 13000) -> dict[str, Any]:
    return {"driver": version, "cuda": cuda, "cards": list(cards)}


def write_driver(folder: Path, answer: dict[str, Any]) -> None:
    """Put a driver that answers this where Python finds it first."""
    folder.mkdir(exist_ok=True)
    shutil.copy(Path(__file__).with_name("fake_nvml.py"), folder / "pynvml.py")
    (folder / "driver.json").write_text(json.dumps(answer), encoding="utf-8")


@dataclass(frozen=True)
class Project:
    """A copy in which make can install without touching anything of ours."""

    folder: Path
    index: PackageIndex

    @property
    def site(self) -> Path:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / ".venv" / "lib" / version / "site-packages"

    @property
    def record(self) -> dict[str, Any]:
        path = self.folder / ".venv" / ".graphics.json"
        found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return found

    def has_driver(self, answer: dict[str, Any]) -> None:
        write_driver(self.folder / "driver", answer)

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the step of the Makefile."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_", "MAKE"))}
        environ = {
            **kept,
            "PYTHONPATH": str(self.folder / "driver"),
            "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.folder / "wheels"),
        }
        command = ["make", "--silent", "graphics", f"GPU_INDEX={self.index.url}", *words]
        return subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False
        )

    def lose_engine(self) -> None:
        """Take llama.cpp's package away, as an installation does that is killed in the middle."""
        for old in self.site.glob("xllamacpp*"):
            shutil.rmtree(old)

    def devices(self) -> list[str]:
        """Ask what is installed now."""
        code = "import xllamacpp as x; print(*(d['name'] for d in x.get_device_info()))"
        command = [str(self.folder / ".venv" / "bin" / "python"), "-c", code]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    with serving() as found:
        yield found


@pytest.fixture
def project(tmp_path: Path, index: PackageIndex) -> Project:
    """A project whose llama.cpp is the CPU's, on a machine without a driver."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("workers", "configs"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "Makefile", folder)
    wheels = folder / "wheels"
    cpu = engine_wheel(wheels)
    locks = {"cpu": cpu, "uv": cpu}
    for name in ("cuda12", "cuda13"):
        files = {f"nvidia/{name}/lib/libtiny.so": b"tiny"}
        locks[name] = write_wheel(wheels, f"nvidia_{name}", "1.0", "py3-none-any", files)
    (folder / "requirements").mkdir()
    for name, wheel in locks.items():
        (folder / "requirements" / f"{name}.txt").write_text(lock_of(wheel), encoding="utf-8")
    venv.create(folder / ".venv", symlinks=True, with_pip=False)
    made = Project(folder, index)
    for ours in Path(sysconfig.get_path("purelib")).iterdir():
        if not ours.name.startswith(("xllamacpp", "nvidia", "pynvml")):
            (made.site / ours.name).symlink_to(ours)
    shutil.unpack_archive(cpu, made.site, "zip")
    for stamp in (".made", ".installed-app"):
        (folder / ".venv" / stamp).touch()
    made.has_driver(NO_LIBRARY)
    return made
