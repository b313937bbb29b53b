"""Installs locked packages with uv, which is several times faster than pip; with pip where uv cannot.

    python workers/models/environments/installer.py [--python PYTHON] [--only NAME,…] [--arriving] pip's options

uv reads none of pip's settings, so where packages come from is asked of pip, at run time: an index of
one's own, a folder of wheels, a proxy, a certificate. What is set for uv itself (`UV_…`) stays. With `--arriving`, a Quintet that already runs can tell that the
packages are on their way (`is_arriving`).

Run by its path, before anything else is installed: this file needs Python alone.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

SECTIONS = ("global", "install", ":env:")
"""Of pip's settings, those that `pip install` obeys; the later ones win."""

LISTS = {"extra-index-url": " ", "find-links": ",", "trusted-host": " "}
"""Settings of pip with several values, and the separator in uv's variable."""

VARIABLES: Mapping[str, tuple[str, ...]] = {
    "index-url": ("UV_DEFAULT_INDEX",),
    "extra-index-url": ("UV_INDEX",),
    "find-links": ("UV_FIND_LINKS",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "no-index": ("UV_NO_INDEX",),
    "no-cache-dir": ("UV_NO_CACHE",),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "keyring-provider": ("UV_KEYRING_PROVIDER",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "proxy": ("HTTP_PROXY", "HTTPS_PROXY"),
}

ARRIVING = Path(sys.prefix) / ".arriving"
"""Who installs (a process id), and what: there as long as it lasts."""


def main(arguments: Sequence[str]) -> int:
    """Install what pip's own options name; returns the exit status of the program that did it."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's `&` would have the first ignored
        signal.signal(number, signal.default_int_handler)  # and what it started ends with it
    options = list(arguments)
    python = _take(options, "--python") or sys.executable
    names = _take(options, "--only").split(",")
    try:
        with _narrowed(options, [name for name in names if name]) as wanted:
            if "--arriving" not in wanted:
                return install(python, wanted)
            wanted.remove("--arriving")
            with announced(missing_of(Path(wanted[wanted.index("-r") + 1]))):
                return install(python, wanted)
    except KeyboardInterrupt:
        return 130


def install(python: str, options: Sequence[str]) -> int:
    """Let uv install into the environment of an interpreter, and pip if uv cannot."""
    uv = find_uv()
    if uv:
        environ = uv_environ(pip_settings(), os.environ)
        command = [uv, "pip", "install", "--python", python, *options]
        if (status := _run(command, environ)) == 0:
            return 0
        print(f"uv could not (exit status {status}); once more with pip ...", flush=True)  # noqa: T201 — a script's own output
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--no-input"]
    return _run([*pip, "--progress-bar", "off", *options], os.environ)


def is_arriving(name: str) -> bool:
    """Whether a package is being installed now, so that what is there of it may be half of it."""
    try:
        pid, *names = ARRIVING.read_text(encoding="utf-8").split()
        os.kill(int(pid), 0)
    except (OSError, ValueError):
        return False
    return name in names


def find_uv() -> str | None:
    """Return the machine's uv, or else the one that was installed beside this interpreter."""
    return shutil.which("uv") or shutil.which("uv", path=sysconfig.get_path("scripts"))


def pip_settings() -> dict[str, str]:
    """Return what pip's files and `PIP_…` variables say about installing; empty without pip."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = re.findall(r"(?m)^([\w:]+)\.([\w-]+)=(.*)$", listed.stdout)
    found: dict[str, str] = {}
    for section in SECTIONS:
        for where, name, value in lines:
            if where == section:
                found[name.replace("_", "-")] = str(ast.literal_eval(value))
    return found


def uv_environ(settings: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which uv finds what pip would find."""
    ours: dict[str, str] = {}
    for name, value in settings.items():
        joined = LISTS[name].join(value.split()) if name in LISTS else value
        if joined:
            ours.update(dict.fromkeys(VARIABLES.get(name, ()), joined))
    if "extra-index-url" in settings or "find-links" in settings:
        # As pip does: the best of all places, not of the first that knows the name. Which file it may
        # be, the hashes of the lock say.
        ours["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {**ours, **environ}


@contextmanager
def _narrowed(options: Sequence[str], names: Sequence[str]) -> Iterator[list[str]]:
    """Replace the list after `-r` by one that holds only these packages; no names: all."""
    if not names:
        yield list(options)
        return
    place = options.index("-r") + 1
    text = Path(options[place]).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        (listed := Path(scratch) / "some.txt").write_text(entries(text, names), encoding="utf-8")
        yield [*options[:place], str(listed), *options[place + 1 :]]


@contextmanager
def announced(names: Sequence[str]) -> Iterator[None]:
    """Make `is_arriving` true for these packages, until the end or another `announce`."""
    announce(names)
    try:
        yield
    finally:
        ARRIVING.unlink(missing_ok=True)


def announce(names: Sequence[str]) -> None:
    """Say which packages this process is about to bring, and no others any more."""
    draft = ARRIVING.with_suffix(".draft")
    draft.write_text(" ".join([str(os.getpid()), *names]), "utf-8")
    draft.replace(ARRIVING)


def names_of(lock: Path) -> list[str]:
    """Return the packages that a lock names."""
    return list(_entries(lock.read_text(encoding="utf-8")))


def missing_of(lock: Path) -> list[str]:
    """Return the packages of a lock that are not installed."""
    return [name for name in names_of(lock) if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def entries(lock: str, names: Sequence[str]) -> str:
    """Return the entries of a lock for these packages, with their hashes."""
    found = _entries(lock)
    return "".join(f"{found[name]}\n" for name in names)


def _entries(lock: str) -> dict[str, str]:
    """Return a lock by the names of its packages."""
    return {entry.partition("==")[0]: entry for entry in re.split(r"(?<!\\)\n", lock) if entry}


def _take(options: list[str], name: str) -> str:
    """Remove an option with its value; returns the value, "" if it is not there."""
    if name not in options:
        return ""
    place = options.index(name)
    _, value = options[place], options[place + 1]
    del options[place : place + 2]
    return value


def _run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    return subprocess.run(command, env=dict(environ), check=False).returncode  # noqa: S603 — uv or pip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
