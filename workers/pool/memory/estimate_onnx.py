"""What ONNX models need: voices, recognisers, the three models that read text in pictures, embedders.

Their memory follows the input more than the weights: an arena grows with the longest sentence, and
each picture brings its own arrays. The estimate lies between an ordinary input and the largest
that is worked on, and the band reaches from one to the other. Measured by
benchmarks/memory.py.
"""

from __future__ import annotations

from dataclasses import replace

from configs.catalogue import ModelCard
from workers.models.facts.model import ModelFacts

from .facts import facts_of_card
from .memory_estimate import LoadOptions, MemoryEstimate

MIB = 1 << 20

VOICE_RUNTIME_MIB = 66
"""Python, Piper and ONNX Runtime, imported; measured."""
VOICE_ARENA_MIB, VOICE_ARENA_PER_WEIGHT, VOICE_ARENA_MAX_MIB = 60, 3.4, 450
"""Joe's 60 MiB of weights work in 160 MiB for a sentence, and in 260 to 360 for one without an end."""
VOICE_ERROR = 0.27

OCR_RUNTIME_MIB = 66
"""Python, OpenCV and ONNX Runtime, imported; measured."""
OCR_PICTURE_MIB = 460
"""175 for 0.2 million pixels, 500 for 3, 575 for 12: the largest that is worked on."""
OCR_ERROR = 0.25
EMBEDDER_RUNTIME_MIB = 145
"""Python, Chroma and its index, tokenizers, the readers of documents, ONNX Runtime; measured."""
EMBEDDER_TOKENS = 512
"""As `workers.engines.rag.onnx_embedder.TOKENS_PER_RUN`."""
EMBEDDER_RUNS = 2
"""Computed at once: a question beside a file that is being indexed."""
EMBEDDER_ERROR = 0.2
RECOGNISER_RUNTIME_MIB = 140
"""Python, ONNX Runtime, PyAV, voice detection and resampling; measured."""
RECOGNISER_WINDOW_MIB = 385
"""Of half a minute in an encoder of Parakeet's shape, 24 layers of 1,024: most of it is the first
convolution's 256 pictures of the spectrum. Measured with drawn weights in its layout, since the real
ones have to be downloaded."""
RECOGNISER_ERROR = 0.25
UNSEEN_ERROR = 0.2
"""More, for a voice of another engine than Piper."""


def estimate_voice(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> MemoryEstimate:
    """Return the need of a voice; sentences are spoken one by one, so long texts cost nothing."""
    weights = facts.total_bytes / MIB
    arena = min(VOICE_ARENA_MAX_MIB, VOICE_ARENA_MIB + VOICE_ARENA_PER_WEIGHT * weights)
    return MemoryEstimate(
        weights_mib=weights,
        kv_cache_mib=0.0,
        activations_mib=arena * options.slots,
        runtime_mib=VOICE_RUNTIME_MIB,
        error=VOICE_ERROR + UNSEEN_ERROR,
    )


def estimate_piper(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> MemoryEstimate:
    """Return the need of one of Piper's voices, on which the numbers were measured."""
    return replace(estimate_voice(card, facts, options), error=VOICE_ERROR)


def estimate_recogniser(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> MemoryEstimate:
    """Return the need of hearing a long recording, which comes in windows of half a minute."""
    return MemoryEstimate(
        weights_mib=facts.total_bytes / MIB,
        kv_cache_mib=0.0,
        activations_mib=float(RECOGNISER_WINDOW_MIB * options.slots),
        runtime_mib=RECOGNISER_RUNTIME_MIB,
        error=RECOGNISER_ERROR,
    )


def estimate_ocr(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> MemoryEstimate:
    """Return the need of reading large pictures, one at a time."""
    return MemoryEstimate(
        weights_mib=facts.total_bytes / MIB,
        kv_cache_mib=0.0,
        activations_mib=float(OCR_PICTURE_MIB * options.slots),
        runtime_mib=OCR_RUNTIME_MIB,
        error=OCR_ERROR,
    )


def estimate_embedder(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> MemoryEstimate:
    """Return the need of documents' search: the embedder, Chroma and the readers of files.

    Weights of a safetensors file are float32, whatever they were in the file. What multiplies is copied into an order that
    vector units like, and its mapping let go; of the others, pages come as their words are met: MiniLM
    was seen at 225 MiB on few words, and would be at 270 with all.
    """
    is_whole = card.weight_file.endswith(".onnx")  # 8-bit weights stay as they are
    elements = 0 if is_whole else facts.linear_elements + facts.other_elements
    extra = sum(facts_of_card(other).total_bytes for other in options.extra_cards)
    tokens = max(EMBEDDER_TOKENS, card.context_length)
    row = 3 * facts.feed_forward_size + 6 * facts.hidden_size
    return MemoryEstimate(
        weights_mib=(max(facts.total_bytes, 4 * elements) + extra) / MIB,
        kv_cache_mib=0.0,
        activations_mib=EMBEDDER_RUNS * 4 * tokens * row / MIB,
        runtime_mib=EMBEDDER_RUNTIME_MIB,
        error=EMBEDDER_ERROR,
    )
