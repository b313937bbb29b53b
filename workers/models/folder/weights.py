"""Where the weights of a LocalAI model file are: in its folder, or at an address to fetch from.

Knows files and addresses, not what a model is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.errors import ConfigError
from workers.models.facts.gguf_pieces import piece_names

Sha256s = dict[str, str | None]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_GITHUB_RAW = "https://raw.githubusercontent.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a card says about its files."""

    source: str
    files: Sha256s
    path: Path | None
    """The first file, or the folder of a model that is a folder; None: not fetched yet."""


def find_weights(model: str, folder: Path, downloads: Iterable[Mapping[str, Any]]) -> Weights:
    """Return the weights that `parameters.model` names.

    What is in the folder is used as it is there; an address, or a name that `download_files` has an
    address for, becomes a source to fetch from. Raises: ConfigError if there is neither.
    """
    listed = {str(entry.get("filename", "")): entry for entry in downloads}
    name = model if not _is_address(model) else _file_of(model)
    sha256 = _sha256(listed.get(name, {}))
    path = folder / name
    if path.exists():
        parent = path.parent.resolve()
        pieces = piece_names(path.name)
        if lost := [piece for piece in pieces if not (path.parent / piece).exists()]:
            raise ConfigError(f"{lost[0]}, a piece of it, is not in the folder")
        files = {piece: sha256 if piece == path.name else None for piece in pieces}
        return Weights(source=f"path:{parent}", files=files, path=path.with_name(pieces[0]))
    address = model if _is_address(model) else str(listed.get(name, {}).get("uri", ""))
    if not address:
        raise ConfigError(f"{name} is not in the folder")
    source, remote = _source_of(address)
    return Weights(source=source, files={remote: sha256}, path=None)


def _is_address(model: str) -> bool:
    return "://" in model or model.startswith("github:")


def _file_of(address: str) -> str:
    """Return the name under which LocalAI would have kept the file."""
    name = address.partition("?")[0].rpartition("/")[2]
    return name if address.startswith("http") else name.partition("@")[0]


def _sha256(entry: Mapping[str, Any]) -> str | None:
    given = str(entry.get("sha256") or "").lower()
    if given and not _SHA256.fullmatch(given):
        raise ConfigError(f"the sha256 of {entry.get('filename')} is not 64 hexadecimal digits")
    return given or None


def _source_of(address: str) -> tuple[str, str]:
    """Return (card source, file) of `huggingface://OWNER/REPO/FILE@BRANCH`, `github:` or a URL."""
    scheme, _, rest = address.partition("://") if "://" in address else address.partition(":")
    if scheme in ("http", "https"):
        folder, _, name = address.rpartition("/")
        return f"url:{folder}/", name
    path, _, revision = rest.partition("@")
    parts = path.strip("/").split("/", 2)
    if scheme in ("huggingface", "hf") and len(parts) == 3:
        return f"hf:{parts[0]}/{parts[1]}@{revision or 'main'}", parts[2]
    if scheme == "github" and len(parts) == 3:
        folder, _, name = f"{parts[0]}/{parts[1]}/{revision or 'main'}/{parts[2]}".rpartition("/")
        return f"url:{_GITHUB_RAW}/{folder}/", name
    raise ConfigError(f"the address {address} is of a kind that cannot be fetched")
