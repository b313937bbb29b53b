"""What a GGUF file says about itself: its metadata, without the vocabulary and the tensors' values.

The `gguf` package's reader makes an array view of every token: 7 s for a vocabulary of 150,000.
Here arrays are stepped over: 0.1 s. Source: the GGUF specification in ggml's docs/gguf.md.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from configs.errors import ConfigError

Value = str | int | float | bool

_STRING, _ARRAY = 8, 9
_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_VERSIONS = (2, 3)
_MAX_STRING_BYTES = 1 << 24
_MAX_KEYS = 1 << 16
_MAX_TENSORS = 1 << 20
_MAX_DIMENSIONS = 8
_MAX_SERIES = 1 << 12
"""Longer arrays of numbers are the vocabulary's."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a file."""

    name: str
    shape: tuple[int, ...]
    type_id: int
    """Of ggml: `gguf.GGMLQuantizationType`."""
    offset: int
    """In bytes, after the header."""


@dataclass(frozen=True, slots=True)
class GgufOutline:
    """A file's metadata and what it holds."""

    values: dict[str, Value]
    series: dict[str, tuple[float, ...]]
    """Short arrays of numbers: one entry per layer, mostly."""
    tensors: tuple[Tensor, ...]


def read_gguf_header(path: Path) -> dict[str, Value]:
    """Return the metadata by key, arrays left out. Raises: ConfigError if the file is no GGUF."""
    return _read(path, with_tensors=False).values


def read_gguf_outline(path: Path) -> GgufOutline:
    """Return the metadata and the list of tensors. Raises: ConfigError if the file is no GGUF."""
    return _read(path, with_tensors=True)


def _read(path: Path, *, with_tensors: bool) -> GgufOutline:
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ConfigError(f"{path.name} is not a GGUF file.")
            version, num_tensors, num_keys = struct.unpack("<IQQ", _bytes(file, 20))
            if version not in _VERSIONS:
                raise ConfigError(
                    f"{path.name} is GGUF version {version}; versions 2 and 3 are known."
                )
            if num_keys > _MAX_KEYS or num_tensors > _MAX_TENSORS:
                raise ValueError(f"it claims {num_keys:,} keys and {num_tensors:,} tensors")
            outline = GgufOutline(values={}, series={}, tensors=())
            for _ in range(num_keys):
                _read_pair(file, outline)
            if not with_tensors:
                return outline
            tensors = tuple(_tensor(file) for _ in range(num_tensors))
            return GgufOutline(outline.values, outline.series, tensors)
    except (OSError, EOFError, ValueError, OverflowError) as err:
        raise ConfigError(f"{path.name} cannot be read as GGUF: {err}.") from err


def _read_pair(file: BinaryIO, outline: GgufOutline) -> None:
    key = _string(file)
    kind = _number(file, "<I")
    if kind == _ARRAY:
        numbers = _array(file)
        if numbers is not None:
            outline.series[key] = numbers
        return
    outline.values[key] = _string(file) if kind == _STRING else _scalar(file, int(kind))


def _tensor(file: BinaryIO) -> Tensor:
    name = _string(file)
    num_dimensions = int(_number(file, "<I"))
    if num_dimensions > _MAX_DIMENSIONS:
        raise ValueError(f"a tensor of {num_dimensions:,} dimensions")
    shape = tuple(int(_number(file, "<Q")) for _ in range(num_dimensions))
    return Tensor(name, shape, int(_number(file, "<I")), int(_number(file, "<Q")))


def _scalar(file: BinaryIO, kind: int) -> Value:
    if kind not in _SCALARS:
        raise ValueError(f"a value has the unknown type {kind}")
    return _number(file, _SCALARS[kind])


def _array(file: BinaryIO) -> tuple[float, ...] | None:
    """Return a short array of numbers; step over any other."""
    kind, length = int(_number(file, "<I")), int(_number(file, "<Q"))
    if kind == _STRING:
        for _ in range(length):
            file.seek(int(_number(file, "<Q")), 1)
    elif kind == _ARRAY:
        for _ in range(length):
            _array(file)
    elif kind in _SCALARS and length <= _MAX_SERIES:
        return tuple(_number(file, _SCALARS[kind]) for _ in range(length))
    elif kind in _SCALARS:
        file.seek(length * struct.calcsize(_SCALARS[kind]), 1)
    else:
        raise ValueError(f"an array has the unknown type {kind}")
    return None


def _string(file: BinaryIO) -> str:
    length = int(_number(file, "<Q"))
    if length > _MAX_STRING_BYTES:
        raise ValueError(f"a text of {length:,} bytes")
    return _bytes(file, length).decode("utf-8", errors="replace")


def _number(file: BinaryIO, form: str) -> int | float | bool:
    value: int | float | bool = struct.unpack(form, _bytes(file, struct.calcsize(form)))[0]
    return value


def _bytes(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise EOFError("it ends too early")
    return data
