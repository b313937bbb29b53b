"""Other quantizations of a GGUF file, made with the `gguf` package: for speeds, not for answers.

All matrices become one type; what the file says of itself is copied as it is. A matrix was quantized
before, so its values lose twice: how fast it is read and multiplied does not change by that.
"""

from __future__ import annotations

import math
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from workers.models.facts.gguf_header import GgufOutline, Tensor, read_gguf_outline

ALIGNMENT = 32
ROWS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class _Planned:
    """A tensor, and what becomes of it."""

    tensor: Tensor
    kind: Any
    """`gguf.GGMLQuantizationType`."""
    num_bytes: int


def requantize(source: Path, target: Path, kind: str) -> Path:
    """Write `source` to `target` with all its matrices in a type ("Q8_0"); return `target`.

    Vectors stay as they are, and so do matrices whose rows the type cannot hold. One that is there
    already is kept. Raises: ConfigError; OSError; KeyError for an unknown type.
    """
    if target.exists():
        return target
    outline = read_gguf_outline(source)
    planned = [_plan(tensor, kind) for tensor in outline.tensors]
    unfinished = target.with_suffix(".part")
    with source.open("rb") as old, unfinished.open("wb") as new:
        _write_header(old, new, outline, planned)
        start = math.ceil(outline.header_bytes / ALIGNMENT) * ALIGNMENT
        for one in planned:
            old.seek(start + one.tensor.offset)
            _write_tensor(old, new, one)
            new.write(bytes(-new.tell() % ALIGNMENT))
    os.replace(unfinished, target)
    return target


def _plan(tensor: Tensor, kind: str) -> _Planned:
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    wanted = GGMLQuantizationType[kind]
    old = GGMLQuantizationType(tensor.type_id)
    fits = len(tensor.shape) > 1 and tensor.shape[0] % GGML_QUANT_SIZES[wanted][0] == 0
    new = wanted if fits else old
    block, size = GGML_QUANT_SIZES[new]
    return _Planned(tensor, new, math.prod(tensor.shape) // block * size)


def _write_header(
    old: BinaryIO, new: BinaryIO, outline: GgufOutline, planned: list[_Planned]
) -> None:
    """Copy the keys byte by byte; only the list of tensors behind them changes."""
    entries, offset = [], 0
    for one in planned:
        entries.append(_entry(one, offset))
        offset += math.ceil(one.num_bytes / ALIGNMENT) * ALIGNMENT
    listing = b"".join(entries)
    new.write(old.read(outline.header_bytes - len(listing)))
    new.write(listing)
    new.write(bytes(-new.tell() % ALIGNMENT))


def _entry(one: _Planned, offset: int) -> bytes:
    name, shape = one.tensor.name.encode(), one.tensor.shape
    return struct.pack(
        f"<Q{len(name)}sI{len(shape)}QIQ",
        len(name),
        name,
        len(shape),
        *shape,
        int(one.kind),
        offset,
    )


def _write_tensor(old: BinaryIO, new: BinaryIO, one: _Planned) -> None:
    """A few thousand rows at a time: in float32, a whole vocabulary takes a gigabyte."""
    import numpy as np
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
    from gguf.quants import dequantize, quantize

    kind = GGMLQuantizationType(one.tensor.type_id)
    block, size = GGML_QUANT_SIZES[kind]
    columns = one.tensor.shape[0]
    num_rows, row_bytes = math.prod(one.tensor.shape[1:]), columns // block * size
    for first in range(0, num_rows, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, num_rows - first)
        data = old.read(count * row_bytes)
        if kind == one.kind:
            new.write(data)
            continue
        packed = np.frombuffer(data, dtype=np.uint8).reshape(count, row_bytes)
        new.write(quantize(dequantize(packed, kind), one.kind).tobytes())
