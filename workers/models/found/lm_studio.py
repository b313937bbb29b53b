"""LM Studio's folder: PUBLISHER/REPOSITORY/FILE.gguf, a projector beside it.

Source: LM Studio's docs, "Import Models".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from workers.models.facts.gguf_pieces import piece_names, without_number
from workers.models.walk import walk

from .model import FoundFile, FoundModel

PROGRAM, PREFIX = "LM Studio", "lmstudio:"
MAX_DEPTH = 2
"""Publisher and repository."""


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
        if "mmproj" in place.name.lower() or place.name != piece_names(place.name)[0]:
            continue
        whole = without_number(place.name)
        together = [
            other
            for other in files
            if other.parent == place.parent and without_number(other.name) == whole
        ]
        yield FoundModel(
            name=f"{PREFIX}{place}",
            program=PROGRAM,
            files={
                other.name: FoundFile(path=root / other, size=files[other]) for other in together
            },
        )
