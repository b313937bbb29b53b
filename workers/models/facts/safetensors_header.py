"""What a safetensors file holds, from its header: names, types and shapes; never the values.

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

_MAX_HEADER_BYTES = 100_000_000
"""The format's own bound."""

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


def safetensors_facts(path: Path) -> SafetensorsFacts:
    """Read a file's header, or recall it. Raises: ConfigError if it is no safetensors; OSError."""
    stat = path.stat()
    return _read(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _read(path: Path, size: int, _mtime_ns: int) -> SafetensorsFacts:
    facts = SafetensorsFacts()
    try:
        for name, tensor in _header(path, size).items():
            if name != "__metadata__":
                facts += _of_tensor(name, tensor)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as err:
        raise ConfigError(f"{path.name} cannot be read as safetensors: {err}") from err
    return facts


def _header(path: Path, size: int) -> dict[str, dict[str, object]]:
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(_MAX_HEADER_BYTES, size - 8):
            raise ValueError(f"a header of {length:,} bytes in a file of {size:,}")
        header: dict[str, dict[str, object]] = json.loads(file.read(length))
    return header


def _of_tensor(name: str, tensor: dict[str, object]) -> SafetensorsFacts:
    offsets, shape = tensor["data_offsets"], tensor["shape"]
    if not isinstance(offsets, list) or not isinstance(shape, list):
        raise TypeError(f"{name} has no offsets or no shape")
    num_bytes, elements = max(0, int(offsets[1]) - int(offsets[0])), math.prod(map(int, shape))
    is_linear = len(shape) == 2 and not any(part in name for part in _KEPT)
    is_seeing = any(part in name for part in _SEEING)
    return SafetensorsFacts(
        Counter() if is_seeing else Counter({str(tensor["dtype"]): num_bytes}),
        num_bytes if is_seeing else 0,
        elements if is_linear else 0,
        0 if is_linear else elements,
    )
