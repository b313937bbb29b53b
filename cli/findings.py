"""What `quintet doctor` finds: one line each, with the command that mends what is broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: State
    """"broken": something that is needed does not work."""
    detail: str
    mend: str = ""
    """A command, or what else to do."""


def ok(what: str, detail: str) -> Finding:
    """Return a finding of something that works."""
    return Finding(what=what, state="ok", detail=detail)


def warning(what: str, detail: str, mend: str = "") -> Finding:
    """Return a finding that limits what can be done."""
    return Finding(what=what, state="warning", detail=detail, mend=mend)


def broken(what: str, detail: str, mend: str) -> Finding:
    """Return a finding that has to be mended."""
    return Finding(what=what, state="broken", detail=detail, mend=mend)
