"""A file on a server, and the patterns in a card that name such files. Knows no server."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from workers.messages.errors import DownloadError

from .folders import Checksum

ANSWER_TIMEOUT_S = 10.0

NUM_NAMES_SHOWN = 8
_PATTERN = re.compile(r"[*?\[]")
_SHARD = re.compile(r"-\d{5}-of-\d{5}(?=\.(?:gguf|safetensors)$)")
_BESIDE = (".json", ".jinja", ".txt")
"""Files beside weights: configuration, vocabulary, template. A pattern may match several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """One file to download."""

    name: str
    """Within the model's folder; may hold /."""
    url: str
    size: int | None
    """Bytes; None: the server does not say."""
    checksum: Checksum | None
    tag: str
    """The server's name for this content, "" if it has none."""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    """For this address alone: they may hold the token."""
    public_only: bool = False
    """Only hosts of the open internet may be connected to for it."""

    @property
    def fingerprint(self) -> str:
        """Differs where a half file cannot be continued with this one."""
        digest = self.checksum.digest if self.checksum else self.tag
        return f"{self.size} {digest or self.url}"

    @property
    def host(self) -> str:
        """For sentences."""
        return urlsplit(self.url).netloc


def is_pattern(name: str) -> bool:
    """Whether a card's file name is a pattern."""
    return _PATTERN.search(name) is not None


def names_matching(pattern: str, known: Sequence[str], where: str) -> tuple[str, ...]:
    """Return the files that a pattern means: one, all pieces of one, or small ones beside weights.

    Raises: DownloadError if it means none, or several models.
    """
    found = sorted(name for name in known if fnmatch.fnmatchcase(name, pattern))
    is_one = len({_SHARD.sub("", name) for name in found}) == 1
    if is_one or (found and all(name.endswith(_BESIDE) for name in found)):
        return tuple(found)
    if not found:
        raise DownloadError(
            f"{where} has no file like {pattern!r}; it has {_listed(known)}.",
            "Name one of them in the card.",
        )
    raise DownloadError(
        f"{pattern!r} means {len(found)} files of {where}: {_listed(found)}.",
        "Name one of them in the card.",
    )


def check_name(name: str) -> str:
    """Return the name. Raises: DownloadError if it would lead out of the model's folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or name.startswith("."):
        raise DownloadError(
            f"The file name {name!r} leads out of the model's folder.", "Mend the card."
        )
    return name


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NUM_NAMES_SHOWN]) or "none"
    more = len(names) - NUM_NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
