"""GGUF files: which of several is meant, and what the chosen one says about itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from workers.messages.errors import UnsupportedInputError
from workers.models.facts.gguf import UNKNOWN, parameters_m, quantization
from workers.models.facts.gguf_header import Value
from workers.models.facts.gguf_values import number_of, text_of

from .repo_files import RepoFiles
from .values import Values, card_values

_PREFERRED = ("q4_k_m", "q4_k_s", "q4_0", "q5_k_m", "q8_0", "f16", "bf16")
"""The first of these that a repository has is taken, unless another was asked for."""
_PREFERRED_PROJECTOR = ("q8_0", "f16", "bf16")
_SHARD = re.compile(r"-(\d{5})-of-\d{5}(?=\.gguf$)")
_EMBEDDERS = ("bert", "nomic-bert", "jina-bert-v2")
_EMBEDDER_TOKENIZER = "bert"
_SLOTS_FROM_MIB = 2500
"""Models larger than this answer two at a time: each slot has its own KV cache."""


def is_gguf(name: str) -> bool:
    """Whether a file's name says that it is a GGUF file."""
    return name.lower().endswith(".gguf")


def of_gguf(repo: RepoFiles, modality: str) -> Values:
    """Return the card's fields. Raises: UnsupportedInputError; ConfigError."""
    name = _model(repo)
    if _is_projector(name):
        raise _projector_alone(name)
    header = repo.gguf(name)
    architecture = text_of(header, "general.architecture", UNKNOWN)
    _check(repo, name, architecture)
    pieces = _pieces(repo, name)
    shape = _shape(header, architecture)
    size = repo.size(*pieces)
    common = {
        "quantization": quantization(header),
        "parameters_m": parameters_m(header) or round(size / 0.6e6),
        "context_length": number_of(header, f"{architecture}.context_length"),
        "shape": shape,
        "name": text_of(header, "general.name"),
        "license": text_of(header, "general.license"),
    }
    if architecture in _EMBEDDERS:
        _check_embedder(repo, header)
        return card_values(
            repo, modality="rag", engine="llamacpp", files=pieces, weights_bytes=size,
            **{**common, "shape": None},
        )  # fmt: skip
    projector = _projector(repo) if modality in ("", "vision") else ""
    if modality == "vision" and not projector:
        raise UnsupportedInputError(
            f"{repo.place} has no projector (mmproj….gguf) beside {name}.",
            "Without one a model cannot see: choose a repository that has both.",
        )
    files = [*pieces, projector] if projector else pieces
    slots = 1 if projector else 2 if size >> 20 > _SLOTS_FROM_MIB else None
    return card_values(
        repo, modality="vision" if projector else "text", engine="llamacpp", files=files,
        weights_bytes=repo.size(*files), options={"slots": slots} if slots else {}, **common,
    )  # fmt: skip


def _model(repo: RepoFiles) -> str:
    """Return the file that is meant, the first piece of one in pieces."""
    if repo.chosen:
        return repo.chosen
    names = [name for name in repo.files if is_gguf(name) and not _is_projector(name)]
    firsts = [
        name for name in names if (found := _SHARD.search(name)) is None or found[1] == "00001"
    ]
    if len(firsts) == 1:
        return firsts[0]
    chosen = _preferred(firsts, _PREFERRED)
    if not chosen:
        shown = ", ".join(PurePosixPath(name).name for name in firsts[:8]) or "only projectors"
        raise UnsupportedInputError(
            f"{repo.place} has several GGUF files: {shown}.",
            f"Name one of them: {repo.place}:{firsts[0]}" if firsts else "",
        )
    return chosen


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


def _is_projector(name: str) -> bool:
    return "mmproj" in name.lower()


def _projector(repo: RepoFiles) -> str:
    """Return the file that turns pictures into tokens, "" if there is none."""
    names = [name for name in repo.files if is_gguf(name) and _is_projector(name)]
    return names[0] if len(names) == 1 else _preferred(names, _PREFERRED_PROJECTOR)


def _pieces(repo: RepoFiles, name: str) -> list[str]:
    if not _SHARD.search(name):
        return [name]
    whole = _SHARD.sub("", name)
    return sorted(other for other in repo.files if _SHARD.sub("", other) == whole)


def _check(repo: RepoFiles, name: str, architecture: str) -> None:
    """Raises: UnsupportedInputError if llama.cpp cannot run this as a model."""
    if architecture == "clip":
        raise _projector_alone(name)
    import gguf

    if architecture not in gguf.MODEL_ARCH_NAMES.values():
        raise UnsupportedInputError(
            f"{name} of {repo.place} has the architecture {architecture!r}, which llama.cpp does "
            "not know.",
            "Look for a file made for llama.cpp, or for the model as safetensors.",
        )


def _projector_alone(name: str) -> UnsupportedInputError:
    return UnsupportedInputError(
        f"{name} is the projector of a vision model, not a model of its own.",
        "Name the model's own file: the projector beside it is found by itself.",
    )


def _check_embedder(repo: RepoFiles, header: Mapping[str, Value]) -> None:
    tokenizer = text_of(header, "tokenizer.ggml.model", UNKNOWN)
    if tokenizer != _EMBEDDER_TOKENIZER:
        raise UnsupportedInputError(
            f"The embedder in {repo.place} has a tokenizer of the kind {tokenizer!r}.",
            "Embedders with a WordPiece vocabulary ('bert') can be used as GGUF; look for this one "
            "as safetensors.",
        )


def _shape(header: Mapping[str, Value], architecture: str) -> dict[str, int] | None:
    """Return what the KV cache is computed from; None if the header does not say it plainly.

    Raises: ConfigError if a number is none.
    """

    def number(key: str) -> int:
        return number_of(header, f"{architecture}.{key}")

    num_layers, hidden_size = number("block_count"), number("embedding_length")
    num_heads = number("attention.head_count")
    if not (num_layers and hidden_size and num_heads):
        return None
    return {
        "num_layers": num_layers,
        "hidden_size": hidden_size,
        "num_heads": num_heads,
        "num_kv_heads": number("attention.head_count_kv") or num_heads,
        "head_dim": number("attention.key_length") or hidden_size // num_heads,
        "vocab_size": number("vocab_size"),
    }
