"""GGUF files made by hand, so that they can say what no tool would write."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

U32, I32, F32, BOOL, STRING, ARRAY, U64, F64 = 4, 5, 6, 7, 8, 9, 10, 12
_FORMS = {U32: "<I", I32: "<i", F32: "<f", BOOL: "<?", U64: "<Q", F64: "<d"}

Pair = tuple[str, int, Any]


def text(value: str) -> bytes:
    coded = value.encode()
    return struct.pack("<Q", len(coded)) + coded


def value(kind: int, content: Any) -> bytes:
    if kind == ARRAY:  # as bytes: how an array lies is what is tried
        return bytes(content)
    return text(content) if kind == STRING else struct.pack(_FORMS[kind], content)


def array(kind: int, length: int, content: bytes = b"") -> bytes:
    return struct.pack("<IQ", kind, length) + content


def tensor(name: str, shape: Sequence[int], type_id: int, offset: int) -> bytes:
    dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    return text(name) + dimensions + struct.pack("<IQ", type_id, offset)


def gguf(
    pairs: Sequence[Pair] = (),
    tensors: Sequence[bytes] = (),
    *,
    num_keys: int | None = None,
    num_tensors: int | None = None,
) -> bytes:
    """Return a file's header; the counts are those of what is given, unless they lie."""
    counts = (
        len(tensors) if num_tensors is None else num_tensors,
        len(pairs) if num_keys is None else num_keys,
    )
    head = b"GGUF" + struct.pack("<IQQ", 3, *counts)
    infos = b"".join(
        text(key) + struct.pack("<I", kind) + value(kind, content) for key, kind, content in pairs
    )
    return head + infos + b"".join(tensors)


def llama(**other: tuple[int, Any]) -> list[Pair]:
    """Return what a model of the architecture llama says, `other` in its place; "_" is "."."""
    said: dict[str, tuple[int, Any]] = {
        "general.architecture": (STRING, "llama"),
        "general.file_type": (U32, 2),
        "general.size_label": (STRING, "1M"),
        "llama.context_length": (U32, 512),
        "llama.block_count": (U32, 2),
        "llama.embedding_length": (U32, 64),
        "llama.attention.head_count": (U32, 4),
    }
    said |= {name.replace("__", "."): content for name, content in other.items()}
    return [(key, kind, content) for key, (kind, content) in said.items()]


def write(folder: Path, content: bytes, *, hole: int = 0) -> Path:
    """Write a file, and behind it so many bytes that take no room."""
    path = folder / "model.gguf"
    with path.open("wb") as file:
        file.write(content)
        file.truncate(len(content) + hole)
    return path
