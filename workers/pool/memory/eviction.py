"""Who has to leave so that somebody else has room. A pure function of numbers; tested alone.

Never chooses a pinned worker, never one too many, and one that works only if no set of idle ones is
enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

Mib = Mapping[str, int]
"""Device → MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentModel:
    """A worker that holds memory."""

    name: str
    """Its modality."""
    model: str
    """Its model's name, for people."""
    reserved_mib: Mib
    """What would be free without it: what it was granted, or what it holds if that is more."""
    is_busy: bool = False
    is_pinned: bool = False
    """The user wants it to stay."""
    last_used: float = 0.0
    """Seconds of one monotonic clock."""


def choose_victims(
    missing: Mib, residents: Iterable[ResidentModel]
) -> tuple[ResidentModel, ...] | None:
    """Return who must leave for so much to come free; () if nothing is missing, None if all cannot.

    As few busy ones as possible; of those sets the fewest workers, then the least memory, then those
    that were used longest ago. Modalities are five, so every set is looked at.
    """
    missing = {device: mib for device, mib in missing.items() if mib > 0}
    if not missing:
        return ()
    candidates = [
        resident for resident in residents if not resident.is_pinned and _helps(resident, missing)
    ]
    enough = [
        chosen
        for count in range(1, len(candidates) + 1)
        for chosen in combinations(candidates, count)
        if _is_enough(chosen, missing)
    ]
    return min(enough, key=lambda chosen: _cost(chosen, missing), default=None)


def _helps(resident: ResidentModel, missing: Mib) -> bool:
    return any(resident.reserved_mib.get(device, 0) > 0 for device in missing)


def _is_enough(chosen: tuple[ResidentModel, ...], missing: Mib) -> bool:
    return all(
        sum(resident.reserved_mib.get(device, 0) for resident in chosen) >= mib
        for device, mib in missing.items()
    )


def _cost(chosen: tuple[ResidentModel, ...], missing: Mib) -> tuple[int, int, int, float]:
    freed_mib = sum(
        resident.reserved_mib.get(device, 0) for resident in chosen for device in missing
    )
    num_busy = sum(resident.is_busy for resident in chosen)
    return num_busy, len(chosen), freed_mib, max(resident.last_used for resident in chosen)
