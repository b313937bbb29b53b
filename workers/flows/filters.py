"""What people say of where to look → a filter: the same words at every door."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from workers.messages import PassageFilter
from workers.messages.errors import UnsupportedInputError

_PAGES = re.compile(r"(\d{1,6})(?:\s*-\s*(\d{1,6}))?")


def filter_of(
    *,
    files: Sequence[str] = (),
    types: Sequence[str] = (),
    pages: str = "",
    since: str = "",
    until: str = "",
) -> PassageFilter | None:
    """Return the filter; None if nothing is said.

    `pages` "3" or "3-5", `since` and `until` days as "2026-11-30", both of them included.
    Raises: UnsupportedInputError.
    """
    only = PassageFilter(
        files=tuple(files),
        types=tuple(end.removeprefix("*").removeprefix(".") for end in types),
        pages=_pages(pages),
        since_s=_day(since).timestamp() if since else None,
        until_s=(_day(until) + timedelta(days=1)).timestamp() if until else None,
    )
    return None if only == PassageFilter() else only


def listed(said: str) -> list[str]:
    """Return what is written with commas between."""
    return [part.strip() for part in said.split(",") if part.strip()]


def _pages(said: str) -> tuple[int, int] | None:
    if not said.strip():
        return None
    found = _PAGES.fullmatch(said.strip())
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= first <= last:
        raise UnsupportedInputError(f"“{said[:40]}” are no pages.", hint="Write 3 or 3-5.")
    return first, last


def _day(said: str) -> datetime:
    """Return a day's beginning, in this machine's time."""
    try:
        return datetime.strptime(said.strip(), "%Y-%m-%d").astimezone()
    except ValueError as err:
        raise UnsupportedInputError(f"“{said[:40]}” is no day.", hint="Write 2026-11-30.") from err
