"""What a reader must know of an answer from documents, as sentences: every door says them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

MAX_NAMED = 6


def doubts_of(
    *, unsupported: Sequence[str] = (), strays: Sequence[str] = (), num_moved: int = 0
) -> tuple[str, ...]:
    """Return them for a door that cannot underline a sentence; none where there is no doubt."""
    bare = [f"No passage says: “{sentence}”" for sentence in unsupported]
    rest = (moved_note(num_moved), strays_note(strays))
    return (*bare, *(note for note in rest if note))


def moved_note(num_moved: int) -> str:
    """Return what became of marks that the model set wrongly; "" for none."""
    if not num_moved:
        return ""
    if num_moved == 1:
        return "The model’s mark at one sentence named a passage that does not say it; it was moved or taken away."
    return (
        f"The model’s marks at {num_moved} sentences named passages that do not say them; "
        "they were moved or taken away."
    )


def strays_note(strays: Sequence[str]) -> str:
    """Return which numbers and names stand in no passage; "" for none."""
    if not strays:
        return ""
    named = ", ".join(f"“{one}”" for one in strays[:MAX_NAMED])
    more = f" and {len(strays) - MAX_NAMED} more" if len(strays) > MAX_NAMED else ""
    verb = "stands" if len(strays) == 1 else "stand"
    return f"{named}{more} {verb} in no passage."
