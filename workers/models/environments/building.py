"""Make and remove environments, with Python's own venv, and uv or pip (see `installer`).

One that was cut is made from the beginning: what was downloaded is kept, so little is lost, and
nothing half-installed is ever used.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from filelock import FileLock

from workers.messages.amounts import memory_words
from workers.messages.errors import DiskFullError, EngineNotInstalledError, LoadError
from workers.models.disk_files import file_bytes, files_below

from . import compiling, installer
from .places import Environments, interpreter, python_version, size_sentence, write_stamp
from .recipes import Recipe

Report = Callable[[int, int, str, str], None]
"""Called with the number of steps done, of how many; the present step, and its last line ("" at first)."""

NUM_LINES = 5
"""Of what was said last, in the report of a failure that it does not name."""


def create(environments: Environments, recipe: Recipe, report: Report, python: str = "") -> bool:
    """Make an environment that is not there or not up to date; returns whether there was a need.

    `python` is the interpreter that it is made from, by default the one that runs. Two that ask for
    the same wait for each other. Raises: EngineNotInstalledError if a program is missing or the
    Python is of another version; DiskFullError; LoadError with the last words of what failed.
    """
    folder = environments.folder(recipe.name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if environments.state(recipe) == "ready":
            return False
        python = python or sys.executable
        _check_python(python, recipe)
        _check_programs(recipe)
        _check_room(recipe, folder.parent)
        if folder.exists():
            shutil.rmtree(folder)
        with tempfile.TemporaryDirectory() as scratch:
            steps = _steps(recipe, folder, python, Path(scratch))
            for done, (what, command) in enumerate(steps):
                _run(command, recipe, partial(report, done, len(steps), what))
        write_stamp(folder, recipe)
        return True


def remove(environments: Environments, name: str) -> int:
    """Delete an environment; returns the MiB that came free, 0 if it was not there."""
    folder = environments.folder(name)
    if not folder.is_dir():
        return 0
    with FileLock(folder.with_suffix(".lock")):
        size = size_mib(folder)
        shutil.rmtree(folder)
    folder.with_suffix(".lock").unlink(missing_ok=True)
    return size


def size_mib(folder: Path) -> int:
    """Return what a folder takes on the disk."""
    sizes = (file_bytes(path) or 0 for path in files_below(folder) if not path.is_symlink())
    return -(-sum(sizes) // (1024 * 1024))


def _steps(recipe: Recipe, folder: Path, python: str, scratch: Path) -> list[tuple[str, list[str]]]:
    """Return what is done, and the command that does it, in their order."""
    into = str(interpreter(folder))
    pip = [
        into, "-m", "pip", "--disable-pip-version-check", "install",
        "--no-input", "--progress-bar", "off", "--no-compile",
    ]  # fmt: skip
    locked = [
        sys.executable, installer.__file__, "--python", into,
        "--require-hashes", "--no-deps", "--no-compile",
    ]  # fmt: skip
    steps = [("creating it", [python, "-m", "venv", str(folder)])]
    if recipe.torch:
        torch = [*pip, "--only-binary", ":all:", f"torch=={recipe.torch}"]
        steps.append((f"PyTorch {recipe.torch}", torch))
    (wheels := scratch / "wheels.txt").write_text(recipe.entries(is_built=False), encoding="utf-8")
    steps.append(("packages", [*locked, "--only-binary", ":all:", "-r", str(wheels)]))
    if recipe.builds:
        (built := scratch / "built.txt").write_text(recipe.entries(is_built=True), encoding="utf-8")
        steps.append(("building", [*locked, "--no-build-isolation", "-r", str(built)]))
    if recipe.compiles is not None:
        (source := scratch / "source.txt").write_text(recipe.source_entry(), encoding="utf-8")
        steps += compiling.steps_of(recipe.compiles, folder, source)
    return steps


def _run(command: list[str], recipe: Recipe, report: Callable[[str], None]) -> None:
    """Run one step, a line of its output at a time. Raises: LoadError with the last of them."""
    report("")
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    said: deque[str] = deque(maxlen=200)
    with subprocess.Popen(  # noqa: S603 — our own interpreter and words of our own recipes
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            for line in process.stdout or ():
                said.append(line.strip())
                report(line.strip())
        except BaseException:  # Ctrl-C: nothing must go on alone
            process.terminate()
            raise
    if process.returncode:
        errors = [line for line in said if line.startswith("ERROR")] or list(said)[-NUM_LINES:]
        raise LoadError(
            f"The environment {recipe.name} could not be made: {' '.join(errors)}",
            f"Mend the cause, then run again: quintet env create {recipe.name}",
        )


def _check_python(python: str, recipe: Recipe) -> None:
    """Raises: EngineNotInstalledError if it is missing, too old or of another version than ours."""
    ask = "import sys; print(f'{sys.version_info.major}.{sys.version_info.minor}')"
    try:
        said = subprocess.run(  # noqa: S603 — what the owner of this machine named
            [python, "-I", "-c", ask], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as err:
        raise EngineNotInstalledError(
            f"{python} is no Python that starts: {err}", "Name another with --python."
        ) from err
    version = said.stdout.strip()
    if version != python_version():
        raise EngineNotInstalledError(
            f"{python} is Python {version}, Quintet runs on {python_version()}, and a worker can "
            "only speak to one of its own version.",
            "Leave out --python.",
        )
    if _numbers(version) < _numbers(recipe.python):
        raise EngineNotInstalledError(
            f"The environment {recipe.name} needs Python {recipe.python} or newer; "
            f"Quintet runs on {version}.",
            "Install Quintet with a newer one: make clean install PYTHON=python3.12",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _check_programs(recipe: Recipe) -> None:
    """Raises: EngineNotInstalledError naming what is missing."""
    missing = [program for program in recipe.programs if shutil.which(program) is None]
    if recipe.compiles is not None and missing:
        raise EngineNotInstalledError(
            f"{recipe.compiles.target} is compiled on this machine, and for that it lacks a compiler "
            f"for C++ ({', '.join(missing)}).",
            "Run: sudo apt-get install g++ (Debian, Ubuntu), sudo dnf install gcc-c++ (Fedora), "
            "xcode-select --install (macOS).",
        )
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    if recipe.programs and recipe.compiles is None and not headers.exists():
        missing.append("Python's headers")
    if missing:
        raise EngineNotInstalledError(
            f"The environment {recipe.name} compiles a part of itself on this machine, and for "
            f"that it lacks {', '.join(missing)}.",
            "Run: sudo apt-get install build-essential python3-dev",
        )


def _check_room(recipe: Recipe, folder: Path) -> None:
    """Raises: DiskFullError with the numbers."""
    free_mib = shutil.disk_usage(folder).free // (1024 * 1024)
    scratch_mib = recipe.compiles.scratch_mib if recipe.compiles is not None else 0
    if free_mib < recipe.disk_mib + scratch_mib:
        raise DiskFullError(
            f"The environment {recipe.name} takes {size_sentence(recipe)}"
            + (f", {memory_words(scratch_mib)} more meanwhile" if scratch_mib else "")
            + f"; {folder} has {memory_words(free_mib)} left.",
            "Free some, or set data_dir to another disk.",
        )
