"""What Whisper needs in CTranslate2: the same for every recording, which is heard in windows of 30 s.

    weights      the file, from which the shorter weights are made as it is read
    KV cache     keys and values that the decoder keeps of the frames of each window that it is given;
                 a short recording is one window
    activations  of the encoder: two tables of attention, 1,500 × 1,500 per head

Constants measured on tiny.en, so that larger models have the wider band.
"""

from __future__ import annotations

from configs.catalogue import ModelCard
from workers.models.facts.model import ModelFacts
from workers.models.facts.whisper import NUM_FRAMES, max_windows, whisper_shape, window_bytes

from .memory_estimate import LoadOptions, MemoryEstimate

MIB = 1 << 20
RUNTIME_MIB = 125
"""Python, CTranslate2 and PyAV 75; voice detection, resampling and filters 50. Measured."""
CUDA_CONTEXT_MIB = 400
ERROR, UNSEEN_ERROR = 0.2, 0.35


def estimate_whisper(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> MemoryEstimate:
    """Return the need of hearing a long recording."""
    shape = whisper_shape(card.parameters_m)
    on_gpu = options.device != "cpu"
    values = 2 if on_gpu else 4
    windows = max_windows(card.parameters_m, options.device)
    cache = window_bytes(shape, options.device) * windows
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
