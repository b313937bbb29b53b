"""What CTranslate2 can do on a device: number formats, CUDA's libraries, and its errors as sentences.

torch is kept out of this process: two cuDNNs in one do not get along.
"""

from __future__ import annotations

from typing import Any

from configs.catalogue import ModelCard
from workers.messages.errors import (
    AppError,
    EngineNotInstalledError,
    GenerationError,
    LoadError,
    OutOfMemoryError,
)
from workers.models.graphics.libraries import open_cublas

PREFERRED = {
    "cpu": ("int8", "float32"),
    "cuda": ("int8_float16", "int8_float32", "float16", "float32"),
}
"""Without a word in the card, the first of these that the device can."""
INSTALL = "Run in Quintet's folder: make install (it brings NVIDIA's cuBLAS 12)"


def split_device(device: str) -> tuple[str, int]:
    """Return what CTranslate2 calls a device: "cuda:1" is ("cuda", 1)."""
    kind, _, index = device.partition(":")
    return kind, int(index or 0)


def compute_type(card: ModelCard, device: str) -> str:
    """Return in which numbers to compute: the card's option `compute_type`, or the device's best.

    Raises: LoadError naming what the device can; AppError if there is no such device.
    """
    kind, index = split_device(device)
    supported = _supported(card, kind, index)
    wanted = card.options.get("compute_type")
    if wanted is None:
        return next(name for name in PREFERRED[kind] if name in supported)
    if wanted not in supported:
        raise LoadError(
            f"{card.name}: the option compute_type is {wanted!r}, which {device} does not support; "
            f"it supports {', '.join(sorted(supported))}.",
            f"Choose one of these in the card {card.id}, or leave the option out.",
        )
    return str(wanted)


def open_cuda_libraries(card: ModelCard) -> None:
    """Bring cuBLAS into the process before CTranslate2 asks for it by name.

    Raises: EngineNotInstalledError with the command. Without this, a missing one is noticed only
    while the first recording is listened to.
    """
    try:
        open_cublas()
    except OSError as err:
        raise EngineNotInstalledError(
            f"{card.name} cannot use the GPU: a library of CUDA 12 is not installed ({err}).",
            f"{INSTALL}.",
        ) from err


def to_app_error(
    err: Exception, name: str, device: str, otherwise: type[AppError] = GenerationError
) -> AppError:
    """Return CTranslate2's error as one for people; `otherwise`: what it is if nothing special."""
    reason = str(err).rstrip(".")
    lowered = reason.lower()
    if "out of memory" in lowered:
        return OutOfMemoryError(
            f"{name} does not fit in the free memory of {device}: {reason}.",
            "Let another model sleep, choose a smaller one, or run speech-in on the CPU.",
        )
    if "libcublas" in lowered or "libcudnn" in lowered or "cudnn" in lowered:
        return EngineNotInstalledError(
            f"{name} cannot use the GPU, because a CUDA library is missing or damaged: {reason}.",
            f"{INSTALL}.",
        )
    return otherwise(f"{name} failed on {device}: {reason}.")


def _supported(card: ModelCard, kind: str, index: int) -> set[str]:
    import ctranslate2

    if kind not in PREFERRED:
        raise LoadError(
            f"{card.name} cannot run on {kind!r}: faster-whisper knows cpu and cuda.",
            "Choose one of them.",
        )
    try:
        supported: Any = ctranslate2.get_supported_compute_types(kind, index)
    except (RuntimeError, ValueError) as err:
        raise to_app_error(err, card.name, f"{kind}:{index}", LoadError) from err
    return set(supported)
