"""NVIDIA's libraries in Python packages: no loader looks there, so they are loaded by name first.

A library that is in the process is found by whatever names it next. This file needs Python alone.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

MOST = 12
"""Libraries that one package may miss, one after the other."""
CUBLAS_12 = ("libcublasLt.so.12", "libcublas.so.12")
"""What CTranslate2 opens by name when it first multiplies on CUDA; its wheel does not bring them."""
_MISSING = re.compile(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object file")


def import_linked(name: str) -> ModuleType:
    """Import a package that may be linked to libraries of NVIDIA's packages.

    Raises: ImportError naming the package, or the library that is nowhere.
    """
    for _ in range(MOST):
        try:
            return importlib.import_module(name)
        except ImportError as err:
            missing = _MISSING.search(str(err))
            path = packaged(missing[1]) if missing else None
            if path is None:
                raise
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    raise ImportError(f"{name} needs more than {MOST} libraries that are not found")


def open_library(name: str) -> None:
    """Bring a library into the process, from a package or where the system has it. Raises: OSError."""
    ctypes.CDLL(str(packaged(name) or name), mode=ctypes.RTLD_GLOBAL)


def open_cublas() -> None:
    """Bring CUDA 12's cuBLAS into the process. Raises: OSError naming the library that is missing."""
    for name in CUBLAS_12:
        open_library(name)


def packaged(library: str) -> Path | None:
    """Return where pip put a library: `nvidia/cublas/lib`, `nvidia/cu13/lib` of some site-packages."""
    spec = importlib.util.find_spec("nvidia")
    for root in (spec and spec.submodule_search_locations) or ():
        for path in Path(root).glob(f"*/lib/{library}"):
            return path
    return None
