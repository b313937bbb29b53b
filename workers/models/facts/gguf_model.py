"""Facts of a model from its GGUF file: the metadata, and the list of tensors.

Source: docs/gguf.md of ggml for the keys.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from .gguf_cache import cache_facts
from .gguf_header import GgufOutline, Tensor, read_gguf_outline
from .model import ModelFacts

PROJECTOR_ARCHITECTURE = "clip"
WORDS, HEAD = "token_embd.weight", "output.weight"
LOOKED_UP = (WORDS, "per_layer_token_embd.weight", "position_embd.weight")
"""Tensors of which a token takes one row."""
EXPERTS = "_exps."
"""In the name of a tensor that holds one matrix for each expert."""
MAX_COUNT = 1 << 31
"""No model has more layers, heads, tokens or values in one of them."""


def gguf_model_facts(path: Path) -> ModelFacts:
    """Read a file's outline, or recall it. Raises: ConfigError if it is no GGUF; OSError."""
    stat = path.stat()
    return _read(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _read(path: Path, size: int, _mtime_ns: int) -> ModelFacts:
    outline = read_gguf_outline(path)
    architecture = str(outline.values.get("general.architecture", ""))
    weights = _bytes_by_type(outline.tensors, size)
    if architecture == PROJECTOR_ARCHITECTURE:
        return ModelFacts(
            architecture=architecture,
            projector_bytes=sum(weights.values()),
            image_tokens=_image_tokens(outline),
            is_from_files=True,
        )
    number = _Numbers(outline, architecture)
    num_layers = number("block_count")
    hidden_size = number("embedding_length")
    head_dim = number("attention.key_length") or hidden_size // max(
        1, number("attention.head_count")
    )
    elements = _elements(outline.tensors)
    cache = cache_facts(architecture, num_layers, head_dim, number, number.by_layer)
    return ModelFacts(
        architecture=architecture,
        weights_bytes=weights,
        token_bytes=_bytes_per_token(outline.tensors, number),
        linear_elements=elements[True],
        other_elements=elements[False],
        num_layers=num_layers,
        whole_kv_values=cache.whole_values,
        sliding_kv_values=cache.sliding_values,
        recurrent_bytes=cache.recurrent_bytes,
        hidden_size=hidden_size,
        feed_forward_size=number("feed_forward_length"),
        vocab_size=number("vocab_size") or _num_rows(outline.tensors, "token_embd.weight"),
        context_length=number("context_length"),
        sliding_window=number("attention.sliding_window") if cache.sliding_values else 0,
        is_from_files=True,
    )


def _elements(tensors: Iterable[Tensor]) -> Mapping[bool, int]:
    """Return how many numbers the layers' matrices have (True), and all other tensors (False)."""
    elements = Counter({True: 0, False: 0})
    for tensor in tensors:
        is_matrix = tensor.name.startswith("blk.") and len(tensor.shape) > 1
        elements[is_matrix] += math.prod(tensor.shape)
    return elements


class _Numbers:
    """The numbers of one architecture; of a series, the largest."""

    def __init__(self, outline: GgufOutline, architecture: str) -> None:
        self._outline = outline
        self._architecture = architecture

    def __call__(self, name: str) -> int:
        key = f"{self._architecture}.{name}"
        series = self._outline.series.get(key, ())
        return max(map(_count, series), default=0) or _count(self._outline.values.get(key, 0))

    def by_layer(self, name: str) -> tuple[int, ...]:
        series = self._outline.series.get(f"{self._architecture}.{name}", ())
        return tuple(map(_count, series))


def _count(value: object) -> int:
    """Return a number as a count; 0 for what is none."""
    is_number = isinstance(value, (int, float)) and math.isfinite(value)
    return min(max(0, int(value)), MAX_COUNT) if is_number else 0  # type: ignore[call-overload]


def _bytes_by_type(tensors: tuple[Tensor, ...], size: int) -> dict[str, int]:
    """Compute each tensor's bytes from where the next one begins: exact for types not known here.

    The last one ends with the file, and what comes before the first is the header.
    """
    found: Counter[str] = Counter()
    ordered = sorted(tensors, key=lambda tensor: tensor.offset)
    for place, tensor in enumerate(ordered):
        if (known := _bytes_of(tensor)) is not None:
            kind, num_bytes = known
            found[kind] += num_bytes
        elif place + 1 < len(ordered):
            found[f"type {tensor.type_id}"] += ordered[place + 1].offset - tensor.offset
    if sum(found.values()) > size:  # a damaged list; or one part of a file of several
        return {"unknown": size}
    return dict(found)


def _bytes_per_token(tensors: tuple[Tensor, ...], number: _Numbers) -> dict[str, int]:
    """Return what one token reads, by type; exact but for types not known here, which are left out.

    The table of words is read only where it is the head, too: where there is no other.
    """
    names = {tensor.name for tensor in tensors}
    all_experts = number("expert_count")
    share = number("expert_used_count") / all_experts if all_experts else 1.0
    found: Counter[str] = Counter()
    for tensor in tensors:
        is_looked_up = tensor.name in LOOKED_UP and (tensor.name != WORDS or HEAD in names)
        if not is_looked_up and (known := _bytes_of(tensor)) is not None:
            kind, num_bytes = known
            found[kind] += round(num_bytes * (share if EXPERTS in tensor.name else 1.0))
    return dict(found)


def _bytes_of(tensor: Tensor) -> tuple[str, int] | None:
    """Return a tensor's type and bytes; None for a type that is not known here."""
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

    try:
        kind = GGMLQuantizationType(tensor.type_id)
        block, num_bytes = GGML_QUANT_SIZES[kind]
    except (ValueError, KeyError):
        return None
    return kind.name, math.prod(tensor.shape) // block * num_bytes


def _num_rows(tensors: tuple[Tensor, ...], name: str) -> int:
    return next((tensor.shape[-1] for tensor in tensors if tensor.name == name), 0)


def _image_tokens(outline: GgufOutline) -> int:
    """Patches of one picture, merged as the projector does."""
    number = _Numbers(outline, f"{PROJECTOR_ARCHITECTURE}.vision")
    patch = number("patch_size")
    if not patch:
        return 0
    merge = max(1, number("spatial_merge_size"), number("projector.scale_factor"))
    side = number("image_size") // patch
    return side * side // (merge * merge)
