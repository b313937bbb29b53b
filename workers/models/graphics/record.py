"""What the last look at this machine came to, kept in the virtual environment: `.graphics.json`.

Which build is installed cannot be told from the package: all builds have one name and one version. So
the list of files that pip has kept of it (RECORD) is remembered with the build that it was.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from .builds import PACKAGE

FILE = Path(sys.prefix) / ".graphics.json"
OWN = "own"
"""The build's name where one was there already that sees a card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphicsRecord:
    """One outcome."""

    asked: str
    """"auto", "none" or a build."""
    machine: dict[str, Any]
    """`Machine.as_dict()`."""
    installed: str
    """`installed_files()` after it."""
    build: str = ""
    """What was installed; "": the CPU's."""
    source: str = ""
    """Its address."""
    sha256: str = ""
    """Of the wheel, as it came."""
    size: int = 0
    """Of the wheel, in bytes."""
    reason: str = ""
    """Why it is not a graphics card's; "" if it is, or nothing was to be done."""
    mend: str = field(default="")
    """A command, or what else to do."""


def read_record(path: Path = FILE) -> GraphicsRecord | None:
    """Return the last outcome; None if there is none that can be read."""
    try:
        return GraphicsRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_record(record: GraphicsRecord, path: Path = FILE) -> None:
    """Keep an outcome."""
    (draft := path.with_suffix(".draft")).write_text(json.dumps(asdict(record)), encoding="utf-8")
    draft.replace(path)


def installed_files(package: str = PACKAGE) -> str:
    """Return a hash of what is installed of a package; "" if it is not."""
    try:
        listed = metadata.distribution(package).read_text("RECORD") or ""
    except metadata.PackageNotFoundError:
        return ""
    return hashlib.sha256(listed.encode()).hexdigest()


def installed_build() -> str:
    """Return the build that we installed, if that is still what is there; else ""."""
    kept = read_record()
    return kept.build if kept is not None and kept.installed == installed_files() else ""
