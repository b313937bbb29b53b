"""Cross-encoders as ONNX: the graph, `tokenizer.json` and `config.json` as their makers publish them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from .repo_files import RepoFiles
from .values import Values, card_values

_PREFERRED = (
    "model_quantized", "model_int8", "model_quint8_avx2", "model_uint8", "model_qint8_avx512_vnni",
    "model",
)  # fmt: skip
"""The first of these that a repository has is taken: 8 bits are three times as fast on a CPU, and rank alike."""
_EIGHT_BITS = ("int8", "quantized")
_BESIDE = ("tokenizer.json", "config.json")
_ROBERTA = ("roberta", "xlm-roberta", "camembert")
_ROBERTA_OFFSET = 2
"""Positions that those count from."""


def of_onnx_reranker(repo: RepoFiles, modality: str) -> Values | None:
    """Return the card's fields; None if there is no such model. Raises: UnsupportedInputError."""
    name = _graph(repo)
    if modality not in ("", "rag") or not name or any(file not in repo.files for file in _BESIDE):
        return None
    config = repo.json("config.json")
    kinds = [str(kind) for kind in config.get("architectures") or ()]
    is_classifier = any(kind.endswith("ForSequenceClassification") for kind in kinds)
    if not is_classifier or _num_labels(config) != 1:
        return None
    data = [file for file in (f"{name}_data", f"{name}.data") if file in repo.files]
    size = repo.size(name, *data)
    is_small = any(mark in PurePosixPath(name).stem for mark in _EIGHT_BITS)
    return card_values(
        repo, modality="rag", engine="onnxruntime", files=[name, *data, *_BESIDE],
        weights_bytes=size, quantization="int8" if is_small else "none",
        parameters_m=round(size / (1e6 if is_small else 4e6), 1),
        context_length=_context_length(config), options={"ranks": True},
    )  # fmt: skip


def _graph(repo: RepoFiles) -> str:
    if repo.chosen:
        return repo.chosen if repo.chosen.endswith(".onnx") else ""
    names = [name for name in repo.files if name.endswith(".onnx")]
    order = {stem: place for place, stem in enumerate(_PREFERRED)}
    known = [name for name in names if PurePosixPath(name).stem in order]
    known.sort(key=lambda name: (order[PurePosixPath(name).stem], name))
    return known[0] if known else names[0] if len(names) == 1 else ""


def _num_labels(config: Mapping[str, Any]) -> int:
    return len(config.get("id2label") or {"0": ""})


def _context_length(config: Mapping[str, Any]) -> int:
    positions = int(config.get("max_position_embeddings") or 512)
    return positions - (_ROBERTA_OFFSET if config.get("model_type") in _ROBERTA else 0)
