"""What a GGUF file says about itself: its metadata, without the vocabulary and the tensors' values.

The `gguf` package's reader makes an array view of every token: 7 s for a vocabulary of 150,000.
Here arrays are stepped over: 0.1 s. Source: the GGUF specification in ggml's docs/gguf.md.

A file may be a stranger's: whatever it claims, reading it takes less than a second and a few tens of
megabytes, and ends in an answer or in a ConfigError.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from configs.errors import ConfigError

Value = str | int | float | bool

_STRING, _ARRAY = 8, 9
_LENGTH = struct.Struct("<Q")
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
_MAX_KEYS = 1 << 14
"""Files have some fifty."""
_MAX_TENSORS = 1 << 16
_MAX_DIMENSIONS = 8
_MAX_KEY_BYTES = 1 << 16
"""The format's own bound."""
_MAX_STRING_BYTES = 1 << 24
_MAX_TEXT_BYTES = 1 << 25
"""Of all keys and texts together."""
_MAX_WORDS = 1 << 21
"""Of all lists of texts together; the largest vocabularies and their merges have 800,000."""
_MAX_SERIES = 1 << 12
"""Longer arrays of numbers are the vocabulary's."""
_MAX_SERIES_IN_ALL = 1 << 18
_BLOCK_BYTES = 1 << 20


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
    header_bytes: int
    """Where the list of tensors ends; 0: it was not read."""


def read_gguf_header(path: Path) -> dict[str, Value]:
    """Return the metadata by key, arrays left out. Raises: ConfigError if the file is no GGUF."""
    return _read(path, with_tensors=False).values


def read_gguf_outline(path: Path) -> GgufOutline:
    """Return the metadata and the list of tensors. Raises: ConfigError if the file is no GGUF."""
    return _read(path, with_tensors=True)


def _read(path: Path, *, with_tensors: bool) -> GgufOutline:
    try:
        with path.open("rb") as file:
            return _Reader(file, path.stat().st_size).outline(path.name, with_tensors=with_tensors)
    except (OSError, EOFError, ValueError, OverflowError, struct.error) as err:
        raise ConfigError(f"{path.name} cannot be read as GGUF: {err}.") from err


class _Reader:
    """One file from its beginning on, and how much of it may still be kept."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._text_bytes = _MAX_TEXT_BYTES
        self._num_words = _MAX_WORDS
        self._num_series = _MAX_SERIES_IN_ALL

    def outline(self, name: str, *, with_tensors: bool) -> GgufOutline:
        """Raises: ConfigError; EOFError; ValueError."""
        if self._file.read(4) != b"GGUF":
            raise ConfigError(f"{name} is not a GGUF file.")
        version, num_tensors, num_keys = struct.unpack("<IQQ", self._bytes(20))
        if version not in _VERSIONS:
            raise ConfigError(f"{name} is GGUF version {version}; versions 2 and 3 are known.")
        if num_keys > _MAX_KEYS or num_tensors > _MAX_TENSORS:
            raise ValueError(f"it claims {num_keys:,} keys and {num_tensors:,} tensors")
        values: dict[str, Value] = {}
        series: dict[str, tuple[float, ...]] = {}
        for _ in range(num_keys):
            self._pair(values, series)
        if not with_tensors:
            return GgufOutline(values, series, (), 0)
        tensors = tuple(self._tensor() for _ in range(num_tensors))
        return GgufOutline(values, series, tensors, self._file.tell())

    def _pair(self, values: dict[str, Value], series: dict[str, tuple[float, ...]]) -> None:
        key = self._string(_MAX_KEY_BYTES)
        kind = self._count("<I")
        if kind == _ARRAY:
            numbers = self._array()
            if numbers is not None:
                series[key] = numbers
        elif kind == _STRING:
            values[key] = self._string(_MAX_STRING_BYTES)
        elif kind in _SCALARS:
            form = _SCALARS[kind]
            values[key] = struct.unpack(form, self._bytes(struct.calcsize(form)))[0]
        else:
            raise ValueError(f"a value has the unknown type {kind}")

    def _array(self) -> tuple[float, ...] | None:
        """Return a short array of numbers; step over any other."""
        kind, length = self._count("<I"), self._count("<Q")
        if kind == _STRING:
            self._step_over_strings(length)
            return None
        if kind not in _SCALARS:  # llama.cpp knows no arrays of arrays either
            raise ValueError("an array holds arrays" if kind == _ARRAY else f"of type {kind}")
        form = _SCALARS[kind]
        if length > min(_MAX_SERIES, self._num_series):
            self._step_over(length * struct.calcsize(form))
            return None
        self._num_series -= length
        num_bytes = length * struct.calcsize(form)
        return struct.unpack(f"<{length}{form[1]}", self._bytes(num_bytes))

    def _step_over_strings(self, num_strings: int) -> None:
        """Read block by block: a call for each of a million strings takes seconds."""
        self._num_words -= num_strings
        if self._num_words < 0:
            raise ValueError(f"its lists hold more than {_MAX_WORDS:,} texts")
        block, place = b"", 0
        for _ in range(num_strings):
            if place + 8 > len(block):
                self._step_over(place - len(block))
                block, place = self._file.read(_BLOCK_BYTES), 0
            place += 8 + int(_LENGTH.unpack_from(block, place)[0])
        self._step_over(place - len(block))

    def _step_over(self, num_bytes: int) -> None:
        """Go on, or back; raises: EOFError behind the file's end."""
        if self._file.tell() + num_bytes > self._size:
            raise EOFError("it ends too early")
        self._file.seek(num_bytes, os.SEEK_CUR)

    def _tensor(self) -> Tensor:
        name = self._string(_MAX_KEY_BYTES)
        num_dimensions = self._count("<I")
        if num_dimensions > _MAX_DIMENSIONS:
            raise ValueError(f"a tensor of {num_dimensions:,} dimensions")
        shape = tuple(self._count("<Q") for _ in range(num_dimensions))
        return Tensor(name, shape, self._count("<I"), self._count("<Q"))

    def _string(self, max_bytes: int) -> str:
        length = self._count("<Q")
        self._text_bytes -= length
        if length > max_bytes or self._text_bytes < 0:
            raise ValueError(f"a text of {length:,} bytes")
        return self._bytes(length).decode("utf-8", errors="replace")

    def _count(self, form: str) -> int:
        return int(struct.unpack(form, self._bytes(struct.calcsize(form)))[0])

    def _bytes(self, length: int) -> bytes:
        data = self._file.read(length)
        if len(data) < length:
            raise EOFError("it ends too early")
        return data
