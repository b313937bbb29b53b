"""LM Studio's folder: PUBLISHER/REPOSITORY/FILE.gguf, a projector beside it.

Source: LM Studio's docs, "Import Models".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from workers.models.walk import walk

from .model import FoundFile, FoundModel

PROGRAM, PREFIX = "LM Studio", "lmstudio:"
MAX_DEPTH = 2
"""Publisher and repository."""
_PIECE = re.compile(r"-(\d{5})-of-\d{5}(?=\.gguf$)")


def find_lm_studio(root: Path) -> Iterator[FoundModel]:
    """Yield the models in one of LM Studio's folders; none if it is not there."""
    if not root.is_dir():
        return
    files = {
        PurePosixPath(name): size
        for name, size in sorted(walk(root, max_depth=MAX_DEPTH).files.items())
        if name.endswith(".gguf") and name.count("/") == MAX_DEPTH
    }
    for place in files:
        piece = _PIECE.search(place.name)
        if "mmproj" in place.name.lower() or (piece and piece[1] != "00001"):
            continue
        whole = _PIECE.sub("", place.name)
        together = [
            other
            for other in files
            if other.parent == place.parent and _PIECE.sub("", other.name) == whole
        ]
        yield FoundModel(
            name=f"{PREFIX}{place}",
            program=PROGRAM,
            files={
                other.name: FoundFile(path=root / other, size=files[other]) for other in together
            },
        )
