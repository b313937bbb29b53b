"""Tiny wheels under the names of large ones: llama.cpp's package, which lists the devices it is told to."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

VERSION = metadata.version("xllamacpp")
LINUX = "cp310-abi3-linux_x86_64"
ENGINE = """\
import enum


class ggml_backend_dev_type(enum.IntEnum):
    GGML_BACKEND_DEVICE_TYPE_CPU = 0
    GGML_BACKEND_DEVICE_TYPE_GPU = 1
    GGML_BACKEND_DEVICE_TYPE_IGPU = 2
    GGML_BACKEND_DEVICE_TYPE_ACCEL = 3


def get_device_info():
    found = [("CPU", "A processor", 0), ("BLAS", "Accelerate", 3), *{devices!r}]
    return [
        {{"name": name, "description": about, "type": ggml_backend_dev_type(kind),
          "memory_total": 8 << 30, "memory_free": 7 << 30}}
        for name, about, kind in found
    ]
"""
CUDA0 = ("CUDA0", "NVIDIA GeForce RTX 4060", 1)


def write_wheel(
    folder: Path, name: str, version: str, tag: str, files: Mapping[str, bytes]
) -> Path:
    """Write a wheel of these files; returns its path."""
    info = f"{name}-{version}.dist-info"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    whole = {
        **files,
        f"{info}/METADATA": about.encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
    }
    record = "".join(f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in whole.items())
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, data in {
            **whole,
            f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode(),
        }.items():
            archive.writestr(path, data)
    return wheel


def engine_wheel(
    folder: Path,
    *devices: tuple[str, str, int],
    version: str = VERSION,
    tag: str = LINUX,
    start: str = "",
) -> Path:
    """Write a build of llama.cpp that sees these devices; `start` is run when it is imported."""
    code = f"{start}\n{ENGINE.format(devices=devices)}"
    return write_wheel(folder, "xllamacpp", version, tag, {"xllamacpp/__init__.py": code.encode()})


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
