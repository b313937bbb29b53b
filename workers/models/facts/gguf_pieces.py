"""A model in GGUF that is cut into pieces: `model-00001-of-00003.gguf` and so on, of which the first says all.

llama.cpp opens the others by their names, so all of them must lie side by side. Source: llama.cpp's
`llama_split_path`.
"""

from __future__ import annotations

import re

MAX_PIECES = 999
_PIECE = re.compile(r"-(\d{5})-of-(\d{5})(?=\.gguf$)", re.IGNORECASE)


def piece_names(name: str) -> list[str]:
    """Return the names of all pieces, in order, of the model that one of them is of; [name] of a whole one."""
    found = _PIECE.search(name)
    if found is None or not 1 <= int(found[2]) <= MAX_PIECES:
        return [name]
    before, after = name[: found.start()], name[found.end() :]
    return [f"{before}-{n:05d}-of-{found[2]}{after}" for n in range(1, int(found[2]) + 1)]


def without_number(name: str) -> str:
    """Return a piece's name without its number."""
    return _PIECE.sub("", name)
