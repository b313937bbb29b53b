"""Brings the build of llama.cpp that fits this machine's graphics card, or says why it is the CPU's.

The lock's build for the CPU is there before. In its place comes the same version from the project's own
index, over https; that index states no hashes, so the wheel's is kept in the record. NVIDIA's libraries
come from locks with hashes. What does not see a card afterwards is taken out again.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from workers.messages.amounts import fine_size_words
from workers.messages.errors import DownloadError
from workers.models.downloads.progress import DownloadProgress
from workers.models.downloads.remote import RemoteFile
from workers.models.environments import installer

from .builds import PACKAGE, Build
from .devices import ask_llamacpp
from .record import GraphicsRecord, installed_files
from .wheels import NoSuchWheelError, fetch_wheel, find_wheel

REQUIREMENTS = Path(__file__).parents[3] / "requirements"
FOLDER = Path(sys.prefix) / ".graphics"
"""Where a wheel lies until it is installed."""
MB = 10**6
TIMES_UNPACKED = 3
"""Room that a wheel takes beside what it unpacks to, generously."""
OPTIONS = ("--quiet", "--only-binary", ":all:", "--no-deps", "--no-compile")

Say = Callable[[str], None]


class NotInstalledError(Exception):
    """It did not work; the message says why."""

    def __init__(self, reason: str, *, is_final: bool) -> None:
        """`is_final`: trying again changes nothing."""
        super().__init__(reason.strip().rstrip("."))
        self.is_final = is_final


def install_build(build: Build, index: str, draft: GraphicsRecord, say: Say) -> GraphicsRecord:
    """Install a build; returns the record of what is there then.

    Raises: NotInstalledError, and then the CPU's build is there; ConfigError.
    """
    wheel = _found(build, index)
    say(_announcement(build, wheel))
    _check_room(build, wheel)
    for name in build.libraries:
        listed = REQUIREMENTS / f"{name}.txt"
        if installer.main([*OPTIONS, "--require-hashes", "-r", str(listed)]):
            raise NotInstalledError("NVIDIA's libraries could not be installed", is_final=False)
    path, sha256 = _fetched(wheel)
    status = installer.main([*OPTIONS, "--no-index", "--force-reinstall", str(path)])
    path.unlink(missing_ok=True)
    if status:
        restore_cpu_build()
        raise NotInstalledError(f"{wheel.name} could not be installed", is_final=False)
    _check_devices(build)
    return replace(
        draft,
        installed=installed_files(),
        build=build.name,
        source=wheel.url,
        sha256=sha256,
        size=wheel.size or 0,
    )


def restore_cpu_build() -> bool:
    """Put the lock's build in place of whatever is there; returns whether that worked."""
    listed = REQUIREMENTS / "cpu.txt"
    options = [*OPTIONS, "--require-hashes", "--force-reinstall", "-r", str(listed)]
    return installer.main(["--only", PACKAGE, *options]) == 0


def _found(build: Build, index: str) -> RemoteFile:
    try:
        return find_wheel(f"{index.rstrip('/')}/{build.name}", PACKAGE, metadata.version(PACKAGE))
    except NoSuchWheelError as err:
        raise NotInstalledError(str(err), is_final=True) from err
    except DownloadError as err:
        raise NotInstalledError(err.message, is_final=False) from err
    except metadata.PackageNotFoundError as err:
        raise NotInstalledError(f"{PACKAGE} is not installed", is_final=False) from err


def _announcement(build: Build, wheel: RemoteFile) -> str:
    size = fine_size_words(wheel.size) if wheel.size else "some hundred MB"
    said = f"Installing llama.cpp for {build.title} from {wheel.host}, {size}"
    if build.libraries_mb:
        said += f", and NVIDIA's libraries, up to {fine_size_words(build.libraries_mb * MB)}"
    return f"{said}; this happens once (GPU=none leaves it out) ..."


def _check_room(build: Build, wheel: RemoteFile) -> None:
    needed_mb = TIMES_UNPACKED * (build.libraries_mb + (wheel.size or 0) // MB)
    free_mb = shutil.disk_usage(sys.prefix).free // MB
    if free_mb < needed_mb:
        raise NotInstalledError(
            f"it takes up to {fine_size_words(needed_mb * MB)} of disk, and {sys.prefix} has "
            f"{fine_size_words(free_mb * MB)} left",
            is_final=False,
        )


def _fetched(wheel: RemoteFile) -> tuple[Path, str]:
    try:
        return fetch_wheel(wheel, FOLDER, _show)
    except DownloadError as err:
        raise NotInstalledError(f"{err.message} {err.hint}", is_final=False) from err
    except OSError as err:
        raise NotInstalledError(
            f"it could not be written to {FOLDER}: {err}", is_final=False
        ) from err


def _check_devices(build: Build) -> None:
    """Raises: NotInstalledError if llama.cpp sees no card now; the CPU's build is back then."""
    ask_llamacpp.cache_clear()
    said = ask_llamacpp()
    if said.devices:
        return
    reason = f"llama.cpp for {build.title} sees no graphics card here"
    if said.error:
        reason = f"llama.cpp for {build.title} does not start here: {said.error}"
    if not restore_cpu_build():
        reason += ", and the CPU's build could not be put back"
    ask_llamacpp.cache_clear()
    raise NotInstalledError(reason, is_final=True)


def _show(progress: DownloadProgress) -> None:
    """One line that renews itself, where somebody looks."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{progress}")
        sys.stderr.flush()
