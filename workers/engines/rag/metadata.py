"""What people note about a document: bounded, in the order of its keys. Pure."""

from __future__ import annotations

from workers.messages import Metadata
from workers.messages.errors import UnsupportedInputError

MAX_KEYS = 64
MAX_KEY_CHARS = 80
MAX_TEXT_CHARS = 20_000
"""An abstract of several pages."""


def checked(metadata: Metadata) -> Metadata:
    """Return it sorted, empty texts left out. Raises: UnsupportedInputError beyond the bounds."""
    kept = {key: text for key, text in metadata if text}
    if len(kept) > MAX_KEYS:
        raise UnsupportedInputError(
            f"The metadata has {len(kept)} keys; at most {MAX_KEYS} are kept for a document."
        )
    for key, text in kept.items():
        if not key or len(key) > MAX_KEY_CHARS:
            raise UnsupportedInputError(
                f"A key of the metadata has {len(key)} characters; 1 to {MAX_KEY_CHARS} are allowed."
            )
        if len(text) > MAX_TEXT_CHARS:
            raise UnsupportedInputError(
                f"The metadata {key!r} has {len(text):,} characters; at most {MAX_TEXT_CHARS:,} "
                "are kept."
            )
    return tuple(sorted(kept.items()))


def merged(old: Metadata, new: Metadata) -> Metadata:
    """Return the old with the new over it: a key left out stays, an empty text removes its key.

    Raises: UnsupportedInputError beyond the bounds.
    """
    return checked(tuple({**dict(old), **dict(new)}.items()))


def with_said(given: Metadata, said: Metadata) -> Metadata:
    """Return what people note with what a file says of itself under it, as far as there is room."""
    kept = dict(given)
    for key, text in said:
        if len(kept) < MAX_KEYS:
            kept.setdefault(key, text[:MAX_TEXT_CHARS])
    return tuple(sorted(kept.items()))
