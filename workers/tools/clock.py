"""The time, which no model knows."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo, available_timezones

from workers.messages.errors import UnsupportedInputError


def time_in(zone: str = "", now: datetime | None = None) -> str:
    """Return date, weekday and time in a zone such as "Europe/Berlin"; "": this machine's.

    Raises: UnsupportedInputError if no zone has that name.
    """
    moment = now or datetime.now(timezone.utc)
    local = moment.astimezone(_zone(zone.strip()) if zone.strip() else None)
    offset = local.strftime("%z")
    named = f"{zone.strip() or local.tzname()}, UTC{offset[:3]}:{offset[3:]}"
    return f"{local:%A, %Y-%m-%d %H:%M:%S} ({named})"


def _zone(name: str) -> ZoneInfo:
    known = {zone.casefold(): zone for zone in available_timezones()}
    found = known.get(name.casefold().replace(" ", "_"))
    if found is None:
        near = sorted(zone for key, zone in known.items() if name.casefold() in key)[:5]
        hint = f"Did you mean {', '.join(near)}?" if near else 'Write it like "Europe/Berlin".'
        raise UnsupportedInputError(f"No time zone is called {name!r}.", hint)
    return ZoneInfo(found)
