"""A recording or picture that a tool is given: by address, or as base64."""

from __future__ import annotations

from workers.media.fetch import fetch_public, from_base64
from workers.messages import Media
from workers.messages.errors import UnsupportedInputError

HINT = "Give base64, a data: URI, or the http(s) address of a public host."
MIN_BYTES = 32
"""Every recording and every picture has more."""


async def read_media(source: str, what: str, max_mib: float) -> Media:
    """Return the file. Never from a path: that would be one of the server's, not the caller's.

    Raises: UnsupportedInputError.
    """
    source = source.strip()
    if source.lower().startswith("data:") or "://" in source[:20]:
        return await fetch_public(source, max_mib)
    try:
        media = from_base64(source, what, max_mib)
    except UnsupportedInputError as err:
        raise UnsupportedInputError(f"The {what} cannot be read: {err.message}", HINT) from err
    if len(media.read()) < MIN_BYTES:  # "/etc/passwd" is good base64
        raise UnsupportedInputError(f"{source!r} is no {what}.", HINT)
    return media
