"""Whether a GGUF file contains all tensors that its header lists, or was truncated."""

from __future__ import annotations

import math
from pathlib import Path

from configs.errors import ConfigError
from workers.models.facts.gguf_header import GgufOutline, Tensor, read_gguf_outline

from .gguf_values import number_of

DEFAULT_ALIGNMENT = 32
MAX_ALIGNMENT = 1 << 20


def check_extent(path: Path) -> None:
    """Raises: ConfigError if it is no GGUF, or ends before its last tensor does; OSError."""
    outline, size = read_gguf_outline(path), path.stat().st_size
    start = _start_of_data(outline)
    needed = max((start + _end(tensor) for tensor in outline.tensors), default=0)
    if needed > size:
        raise ConfigError(
            f"{path.name} is cut off: its tensors need {needed:,} bytes, it has {size:,}. "
            "Fetch it again."
        )


def _start_of_data(outline: GgufOutline) -> int:
    alignment = number_of(outline.values, "general.alignment", DEFAULT_ALIGNMENT)
    if not 0 < alignment <= MAX_ALIGNMENT:
        raise ConfigError(f"The file's general.alignment is {alignment:,}, which is no alignment.")
    return -(-outline.header_bytes // alignment) * alignment


def _end(tensor: Tensor) -> int:
    """Return where a tensor ends, after the header; where it begins, for types not known here."""
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

    try:
        block, num_bytes = GGML_QUANT_SIZES[GGMLQuantizationType(tensor.type_id)]
    except (ValueError, KeyError):
        return tensor.offset
    return tensor.offset + math.prod(tensor.shape) // block * num_bytes
