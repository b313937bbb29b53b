"""What a model will need, reckoned from its facts before any byte of it is loaded.

One file per family of engines holds the arithmetic and where its numbers come from; here is only
which engine belongs to which. Pure: the same card, facts and demand give the same footprint.
"""

from __future__ import annotations

from collections.abc import Callable

from configs.catalogue import ModelCard
from workers.models.facts.model import ModelFacts

from .need import Demand as Demand
from .need import Footprint as Footprint
from .need_of_llamacpp import predict_embedder, predict_llamacpp
from .need_of_onnx import predict_ocr, predict_voice
from .need_of_torch import predict_torch
from .need_of_whisper import predict_whisper

Predict = Callable[[ModelCard, ModelFacts, Demand], Footprint]

REMOTE_MIB = 90
"""A worker that calls another server: Python and the `openai` or `anthropic` package, measured."""
UNKNOWN_ERROR = 0.5


def predict(card: ModelCard, facts: ModelFacts, demand: Demand) -> Footprint:
    """Return the peak that a worker with this model will reach when it is used as demanded."""
    if card.source.startswith("remote:"):
        return _flat(REMOTE_MIB, 0.25)
    family = _FAMILIES.get((card.modality, card.engine)) or _FAMILIES.get(("", card.engine))
    if family is None or not facts.total_bytes:
        return _flat(card.memory_mib, UNKNOWN_ERROR)
    return family(card, facts, demand)


_FAMILIES: dict[tuple[str, str], Predict] = {
    ("", "llamacpp"): predict_llamacpp,
    ("rag", "llamacpp"): predict_embedder,
    ("", "fasterwhisper"): predict_whisper,
    ("", "piper"): predict_voice,
    ("", "kokoro"): predict_voice,
    ("", "rapidocr"): predict_ocr,
    ("", "transformers"): predict_torch,
    ("", "gptqmodel"): predict_torch,
    ("", "vllm"): predict_torch,
    ("", "sentencetransformers"): predict_torch,
    ("", "crossencoder"): predict_torch,
    ("", "coqui"): predict_torch,
}
"""(modality, engine) → how; an engine of any modality has "" in the first place."""


def _flat(num_mib: float, error: float) -> Footprint:
    return Footprint(
        weights_mib=0.0, kv_cache_mib=0.0, activations_mib=0.0, runtime_mib=num_mib, error=error
    )
