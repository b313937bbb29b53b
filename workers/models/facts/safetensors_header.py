"""What a safetensors file holds, from its header: names, types, shapes and places; never the values.

Source: the format's description in the safetensors repository: 8 bytes of length, then JSON.
"""

from __future__ import annotations

import json
import math
import struct
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from configs.errors import ConfigError

_MAX_HEADER_BYTES = 16_000_000
"""The format allows 100 MB; a model of 20,000 tensors in one file has 2.5 MB, and hostile JSON of the
format's bound takes gigabytes to read."""
_MAX_DIMENSIONS = 8
_MAX_COUNT = 1 << 63

_KEPT = ("embed", "wte", "wpe", "lm_head", "norm", "projector", "mm_proj", "shared", "score")
"""Parts of names whose matrices loaders leave unquantised."""
_SEEING = ("vision", "visual", "projector", "mm_proj", "image_newline")


@dataclass(frozen=True, slots=True)
class SafetensorsFacts:
    """One file, or several added up."""

    bytes_by_type: Counter[str] = field(default_factory=Counter)
    """Without what sees."""
    seeing_bytes: int = 0
    """Of tower and projector."""
    linear_elements: int = 0
    other_elements: int = 0

    def __add__(self, other: SafetensorsFacts) -> SafetensorsFacts:
        return SafetensorsFacts(
            self.bytes_by_type + other.bytes_by_type,
            self.seeing_bytes + other.seeing_bytes,
            self.linear_elements + other.linear_elements,
            self.other_elements + other.other_elements,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorPlace:
    """Where the values of one tensor lie in their file."""

    dtype: str
    """As the format says it: "F32", "F16", "BF16"…"""
    shape: tuple[int, ...]
    start: int
    """Bytes from the beginning of the file."""
    num_bytes: int


def tensor_places(path: Path) -> dict[str, TensorPlace]:
    """Return where each tensor lies. Raises: ConfigError if it is no safetensors; OSError."""
    size = path.stat().st_size
    places: dict[str, TensorPlace] = {}
    try:
        header, num_held = _header(path, size)
        for name, tensor in header.items():
            if name == "__metadata__":
                continue
            start, end, _, _ = _extent(name, tensor)
            if end > num_held:
                raise ValueError(f"{name} needs {end:,} bytes, the file has {num_held:,}")
            places[name] = TensorPlace(
                dtype=str(tensor["dtype"]),
                shape=tuple(tensor["shape"]),  # type: ignore[arg-type]  # `_extent` has looked
                start=size - num_held + start,
                num_bytes=end - start,
            )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as err:
        raise ConfigError(f"{path.name} cannot be read as safetensors: {err}") from err
    return places


def safetensors_facts(path: Path) -> SafetensorsFacts:
    """Read a file's header, or recall it. Raises: ConfigError if it is no safetensors; OSError."""
    stat = path.stat()
    return _read(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _read(path: Path, size: int, _mtime_ns: int) -> SafetensorsFacts:
    by_type: Counter[str] = Counter()
    seeing_bytes = linear_elements = other_elements = data_bytes = 0
    try:
        header, num_held = _header(path, size)
        for name, tensor in header.items():
            if name == "__metadata__":
                continue
            start, end, elements, is_matrix = _extent(name, tensor)
            data_bytes = max(data_bytes, end)
            if any(part in name for part in _SEEING):
                seeing_bytes += end - start
            else:
                by_type[str(tensor["dtype"])] += end - start
            if is_matrix and not any(part in name for part in _KEPT):
                linear_elements += elements
            else:
                other_elements += elements
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as err:
        raise ConfigError(f"{path.name} cannot be read as safetensors: {err}") from err
    if data_bytes > num_held:
        raise ConfigError(
            f"{path.name} is cut off: its tensors need {data_bytes:,} bytes, it has {num_held:,}. "
            "Fetch it again."
        )
    return SafetensorsFacts(by_type, seeing_bytes, linear_elements, other_elements)


def _header(path: Path, size: int) -> tuple[dict[str, dict[str, object]], int]:
    """Return the header, and how many bytes follow it."""
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(_MAX_HEADER_BYTES, size - 8):
            raise ValueError(f"a header of {length:,} bytes in a file of {size:,}")
        header: dict[str, dict[str, object]] = json.loads(file.read(length))
    return header, size - 8 - length


def _extent(name: str, tensor: dict[str, object]) -> tuple[int, int, int, bool]:
    """Return where a tensor begins and ends, its values, and whether it is a matrix."""
    offsets, shape = tensor["data_offsets"], tensor["shape"]
    if not isinstance(offsets, list) or not isinstance(shape, list):
        raise TypeError(f"{name} has no offsets or no shape")
    if len(offsets) != 2 or len(shape) > _MAX_DIMENSIONS or not _are_counts(*offsets, *shape):
        raise ValueError(f"the offsets or the shape of {name} are none")
    start, end = offsets
    if start > end:
        raise ValueError(f"{name} ends before it begins")
    return start, end, math.prod(shape), len(shape) == 2


def _are_counts(*values: object) -> bool:
    return all(type(value) is int and 0 <= value < _MAX_COUNT for value in values)
