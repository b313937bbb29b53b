"""Whisper's shapes by their number of parameters, and how many windows of one may be decoded at once.

Source: arXiv:2212.04356, table 1, and the cards of the distilled and turbo models.
"""

from __future__ import annotations

from typing import NamedTuple

MIB = 1 << 20
NUM_FRAMES = 1500
"""What the encoder makes of a window of 30 s."""
MAX_WINDOWS = {"cpu": 4, "cuda": 8}
"""A CPU is no faster with eight than with four (measured)."""
MAX_EXTRA_MIB = 256
"""What windows beside the first may need, in keys and values of their frames: half a gigabyte each
for the large model on a CPU."""


class WhisperShape(NamedTuple):
    """One size of Whisper."""

    parameters_m: float
    hidden_size: int
    decoder_layers: int
    heads: int


_SHAPES = (
    WhisperShape(39, 384, 4, 6), WhisperShape(74, 512, 6, 8), WhisperShape(166, 768, 2, 12),
    WhisperShape(244, 768, 12, 12), WhisperShape(756, 1280, 2, 20), WhisperShape(769, 1024, 24, 16),
    WhisperShape(809, 1280, 4, 20), WhisperShape(1550, 1280, 32, 20),
)  # fmt: skip
"""tiny, base, distil-small, small, distil-large, medium, large-turbo, large."""


def whisper_shape(parameters_m: float) -> WhisperShape:
    """Return the shape that is nearest in size."""
    return min(_SHAPES, key=lambda known: abs(known.parameters_m - parameters_m))


def window_bytes(shape: WhisperShape, device: str) -> int:
    """Return what the decoder keeps of one window: float32 on a CPU, half of it on a GPU."""
    value_bytes = 4 if device == "cpu" else 2
    return NUM_FRAMES * shape.hidden_size * shape.decoder_layers * 2 * value_bytes


def max_windows(parameters_m: float, device: str) -> int:
    """Return how many windows of a recording may be decoded at once."""
    extra = MAX_EXTRA_MIB * MIB // window_bytes(whisper_shape(parameters_m), device)
    return min(1 + extra, MAX_WINDOWS["cpu" if device == "cpu" else "cuda"])
