"""Compiles a program from the source that travels in a package, with CMake and ninja of its environment.

    python workers/models/environments/compiling.py ARCHIVES SOURCE-FOLDER TARGET BIN [CMake's options]

Run by its path, in a process of its own: it can be interrupted, and takes what it has started with it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .recipes import Compiled

SCRATCH = "source"
"""Within the environment, gone when it is made."""


def steps_of(compiled: Compiled, folder: Path, entry: Path) -> list[tuple[str, list[str]]]:
    """Return what is done, and the commands; `entry` is a file with the locked line of the package."""
    python, archives = str(folder / "bin" / "python"), folder / SCRATCH
    fetch = [
        python, "-m", "pip", "--disable-pip-version-check", "download", "--no-input",
        "--progress-bar", "off", "--no-deps", "--no-binary", ":all:", "--no-build-isolation",
        "--require-hashes", "--dest", str(archives), "-r", str(entry),
    ]  # fmt: skip
    compile_it = [
        sys.executable, __file__, str(archives), compiled.folder, compiled.target,
        str(folder / "bin"), *compiled.options,
    ]  # fmt: skip
    return [("fetching the source", fetch), (f"compiling {compiled.target}", compile_it)]


def main(arguments: Sequence[str]) -> int:
    """Unpack, configure, compile, keep the program, and remove the rest; returns an exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what was started ends too
    os.nice(10)  # a Quintet that runs meanwhile answers first
    archives, within, target, *rest = arguments
    keep, options = Path(rest[0]), rest[1:]
    build = Path(archives) / "build"
    source = _unpacked(Path(archives)) / within
    configure = [str(keep / "cmake"), "-S", str(source), "-B", str(build), "-G", "Ninja"]
    configure += [f"-DCMAKE_MAKE_PROGRAM={keep / 'ninja'}", "-DCMAKE_BUILD_TYPE=Release", *options]
    for command in (configure, [str(keep / "ninja"), "-C", str(build), target]):
        if status := _run(command):
            return status
    shutil.copy2(build / "bin" / target, keep / target)
    shutil.rmtree(archives)
    return 0


def _unpacked(archives: Path) -> Path:
    """Return the folder that the one archive holds; its checksum has been compared by pip."""
    (archive,) = archives.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        opened.extractall(archives, **safe)  # type: ignore[arg-type]  # noqa: S202 — filtered where Python can
    return archives / archive.name.removesuffix(".tar.gz")


def _run(command: list[str]) -> int:
    with subprocess.Popen(command, env=dict(os.environ)) as process:  # noqa: S603 — programs of the environment
        try:
            return process.wait()
        except BaseException:
            process.terminate()  # ninja ends its compilers
            raise


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
