"""Which quantisations of a model its repository has: each as a card of its own. Fetches no weights."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from configs.catalogue import ModelCard
from configs.settings import HubSettings

from .downloads.hub import repository_info, repository_of
from .facts.gguf_pieces import without_number
from .pool_protocol import LoadPlan

MIB = 1 << 20
_LABEL = re.compile(
    r"(?<![A-Za-z0-9])((?:UD-)?(?:I?Q\d|TQ\d|MXFP4|NVFP4|BF16|F16|F32)\w*)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_BESIDE = ("mmproj", "imatrix")
"""GGUF files that are no model of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """One model of a repository, in one width."""

    file: str
    """The first of its pieces: what to write after the repository's name and a colon."""
    label: str
    """ "Q4_K_M"; the file's name where that says none."""
    num_bytes: int
    """Of everything that a download would bring, a projector too."""
    card: ModelCard
    """What the model would be with these files; what only its own header tells is the first one's."""
    is_chosen: bool
    """Whether it is the one that the card names."""
    plan: LoadPlan | None = None
    """None: nobody was asked whether it fits."""

    @property
    def size_mib(self) -> int:
        """As a list shows it."""
        return -(-self.num_bytes // MIB)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "file": self.file,
            "quantization": self.label,
            "bytes": self.num_bytes,
            "is_chosen": self.is_chosen,
            "plan": self.plan.as_dict() if self.plan is not None else None,
        }


def quantizations_of(card: ModelCard, hub: HubSettings) -> tuple[Quantization, ...]:
    """Ask the hub; the smallest first. Empty for what is no GGUF of a hub. Raises: DownloadError."""
    if not (card.source.startswith("hf:") and card.weight_file.endswith(".gguf")):
        return ()
    info = repository_info(repository_of(card.source, hub))
    sizes = {sibling.rfilename: sibling.size or 0 for sibling in info.siblings or ()}
    sha256s = {s.rfilename: s.lfs.sha256 if s.lfs else None for s in info.siblings or ()}
    models = [n for n in sizes if n.endswith(".gguf") and not any(w in n.lower() for w in _BESIDE)]
    wholes: dict[str, list[str]] = {}
    for name in sorted(models):
        wholes.setdefault(without_number(name), []).append(name)
    found = [_of_files(card, names, sizes, sha256s) for names in wholes.values()]
    return tuple(sorted(found, key=lambda one: (one.num_bytes, one.file)))


def _of_files(
    card: ModelCard,
    names: Sequence[str],
    sizes: Mapping[str, int],
    sha256s: Mapping[str, str | None],
) -> Quantization:
    beside = {name: sha for name, sha in card.files.items() if any(w in name for w in _BESIDE)}
    known = {name: size for name, size in card.file_bytes.items() if name in beside}
    file_bytes = {**{name: sizes[name] for name in names if sizes[name]}, **known}
    total = sum(sizes[name] for name in names) + sum(
        known.get(name) or sizes.get(name, 0) for name in beside
    )
    label = _label(names[0])
    variant = card.model_copy(
        update={
            "files": {**{name: sha256s[name] for name in names}, **beside},
            "file_bytes": file_bytes,
            "download_mib": -(-total // MIB),
            "quantization": label.lower(),
        }
    )
    return Quantization(
        file=names[0],
        label=label,
        num_bytes=total,
        card=variant,
        is_chosen=any(fnmatch.fnmatchcase(names[0], wanted) for wanted in card.files),
    )


def _label(name: str) -> str:
    """Return the last word of a file's name that is one: "gpt-oss-20b-MXFP4.gguf" → "MXFP4"."""
    stem = PurePosixPath(without_number(name)).stem
    found = _LABEL.findall(stem)
    return str(found[-1]) if found else stem
