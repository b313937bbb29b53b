"""Which of several GGUF files is meant: the model, all of its pieces, and the projector beside it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from workers.messages.errors import UnsupportedInputError
from workers.models.facts.gguf_pieces import piece_names, without_number

from .repo_files import RepoFiles

_PREFERRED = ("q4_k_m", "q4_k_s", "q4_0", "q5_k_m", "q8_0", "f16", "bf16")
"""The first of these that a repository has is taken, unless another was asked for."""
_PREFERRED_PROJECTOR = ("q8_0", "f16", "bf16")
_QUANTIZATION = re.compile(
    r"(?<![a-z0-9])(i?q\d[a-z0-9_]*|b?f16|fp?32|fp16|mxfp4|ud|qat)(?![a-z0-9])"
)
_NAMELESS = ("", "model")
"""What is left of `mmproj-F16.gguf` and `mmproj-model-f16.gguf`: the name of no model."""
_MAX_NAMES = 8


def is_gguf(name: str) -> bool:
    """Whether a file's name says that it is a GGUF file."""
    return name.lower().endswith(".gguf")


def is_projector(name: str) -> bool:
    """Whether a file's name says that it turns pictures into tokens."""
    return "mmproj" in PurePosixPath(name).name.lower()


def model_pieces(repo: RepoFiles) -> list[str]:
    """Return the file that is meant, or all its pieces in order.

    Raises: UnsupportedInputError if it is not clear which, or a piece is missing.
    """
    name = repo.chosen or _model(repo)
    names = piece_names(name)
    missing = [piece for piece in names if piece not in repo.files]
    if missing:
        raise UnsupportedInputError(
            f"{repo.place} has {len(names) - len(missing)} of the {len(names)} pieces of "
            f"{without_number(name)}: {missing[0]} is missing.",
            "All pieces must lie side by side: fetch the others too.",
        )
    return names


def projector_of(repo: RepoFiles, model: str) -> str:
    """Return the projector of a model; "" if there is none, or none that is clearly its own.

    In a folder with several models, one that is named after another of them is not taken.
    """
    found = [name for name in repo.files if is_gguf(name) and is_projector(name)]
    beside = [name for name in found if _folder(name) == _folder(model)] or found
    core = _core(model)
    named = [name for name in beside if _core(name) not in _NAMELESS and _is_of(name, core)]
    nameless = [name for name in beside if _core(name) in _NAMELESS]
    others = {_core(name) for name in repo.files if is_gguf(name) and not is_projector(name)}
    fitting = named or nameless or (beside if others <= {core} else [])
    if len(fitting) == 1:
        return fitting[0]
    return _preferred(fitting, _PREFERRED_PROJECTOR)


def _model(repo: RepoFiles) -> str:
    names = {name for name in repo.files if is_gguf(name) and not is_projector(name)}
    firsts = [name for name in repo.files if name in names and name == _first(name, names)]
    if len(firsts) == 1:
        return firsts[0]
    chosen = _preferred(firsts, _PREFERRED)
    if not chosen:
        shown = ", ".join(PurePosixPath(n).name for n in firsts[:_MAX_NAMES]) or "only projectors"
        raise UnsupportedInputError(
            f"{repo.place} has several GGUF files: {shown}.",
            f"Name one of them: {repo.place}:{firsts[0]}" if firsts else "",
        )
    return chosen


def _first(name: str, names: Collection[str]) -> str:
    """Return the first piece that is there of the model that a file is of."""
    return next(piece for piece in piece_names(name) if piece in names)


def _preferred(names: Sequence[str], order: Sequence[str]) -> str:
    for wanted in order:
        fitting = [
            name
            for name in names
            if re.search(rf"(?<![a-z0-9]){wanted}(?![a-z0-9_])", name.lower())
        ]
        if len(fitting) == 1:
            return fitting[0]
    return ""


def _folder(name: str) -> str:
    return str(PurePosixPath(name).parent)


def _core(name: str) -> str:
    """Return a model's name without what tells its files apart: letters and digits."""
    stem = PurePosixPath(without_number(name)).stem.lower().replace("mmproj", "")
    return re.sub(r"[^a-z0-9]", "", _QUANTIZATION.sub("", stem))


def _is_of(projector: str, core: str) -> bool:
    own = _core(projector)
    return own in core or core in own
