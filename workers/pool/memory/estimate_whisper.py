"""What Whisper needs in CTranslate2: the same for every recording, which is heard in windows of 30 s.

    weights      the file, from which the shorter weights are made as it is read
    KV cache     keys and values that the decoder keeps of one window's 1,500 frames
    activations  of the encoder: two tables of attention, 1,500 × 1,500 per head

Source: arXiv:2212.04356, table 1, for the shapes; constants measured on tiny.en, so that larger
models have the wider band.
"""

from __future__ import annotations

from typing import NamedTuple

from configs.catalogue import ModelCard
from workers.models.facts.model import ModelFacts

from .memory_estimate import LoadOptions, MemoryEstimate

MIB = 1 << 20
NUM_FRAMES = 1500
RUNTIME_MIB = 125
"""Python, CTranslate2 and PyAV 75; voice detection, resampling and filters 50. Measured."""
CUDA_CONTEXT_MIB = 400
ERROR, UNSEEN_ERROR = 0.2, 0.35


class _Shape(NamedTuple):
    parameters_m: float
    hidden_size: int
    decoder_layers: int
    heads: int


_SHAPES = (
    _Shape(39, 384, 4, 6), _Shape(74, 512, 6, 8), _Shape(166, 768, 2, 12), _Shape(244, 768, 12, 12),
    _Shape(756, 1280, 2, 20), _Shape(769, 1024, 24, 16), _Shape(809, 1280, 4, 20),
    _Shape(1550, 1280, 32, 20),
)  # fmt: skip
"""tiny, base, distil-small, small, distil-large, medium, large-turbo, large."""


def estimate_whisper(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> MemoryEstimate:
    """Return the need of hearing one window after the other."""
    shape = min(_SHAPES, key=lambda known: abs(known.parameters_m - card.parameters_m))
    on_gpu = options.device != "cpu"
    values = 2 if on_gpu else 4
    cache = NUM_FRAMES * shape.hidden_size * shape.decoder_layers * 2 * values
    attention = 2 * shape.heads * NUM_FRAMES**2 * values
    layers = 6 * NUM_FRAMES * shape.hidden_size * values
    return MemoryEstimate(
        weights_mib=facts.total_bytes / MIB,
        kv_cache_mib=cache * options.slots / MIB,
        activations_mib=(attention + layers) * options.slots / MIB,
        runtime_mib=CUDA_CONTEXT_MIB if on_gpu else RUNTIME_MIB,
        error=ERROR if card.parameters_m < 60 and not on_gpu else UNSEEN_ERROR,
        host_mib=RUNTIME_MIB + facts.total_bytes / MIB if on_gpu else 0.0,
    )
