"""What the caller of a door may do: whether he is an admin, and if not, why.

The HTTP gate decides it once for each connection and leaves it in the ASGI scope; routes and the
page's handlers read it there. What is called without HTTP (the command line, the library) is its
user's own and is never asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import NotAdminError

KEY = "standing"
"""In the `state` of an ASGI scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One caller's."""

    why_not: str = ""
    """Why he is no admin, as the end of a sentence; "": he is one."""
    how: str = ""
    """A sentence: how to become one."""
    is_here: bool = False
    """He sits at this machine, whose files he may name."""

    @property
    def is_admin(self) -> bool:
        """Whether he may change what all others use."""
        return not self.why_not

    def refusal(self, action: str) -> str:
        """Return what to tell about an action ("delete documents"); "" to an admin."""
        return "" if self.is_admin else f"Only an admin may {action}: {self.why_not}. {self.how}"

    def check(self, action: str) -> None:
        """Raises: NotAdminError."""
        if not self.is_admin:
            raise NotAdminError(f"Only an admin may {action}: {self.why_not}.", self.how)


UNKNOWN = Standing(why_not="this call did not come through the door that knows callers")


def standing_of(scope: Mapping[str, Any]) -> Standing:
    """Return what the gate has found; nobody is an admin whom it has not seen."""
    found = scope.get("state", {}).get(KEY)
    return found if isinstance(found, Standing) else UNKNOWN
