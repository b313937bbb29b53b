"""From a card to what is known of its model: read from the weights if they are here, else guessed.

Never fails: what cannot be read is estimated from the card's words, and says so
(`is_from_files` is false), which makes the prediction's band wider.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from pathlib import Path

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from workers.messages.errors import AppError
from workers.models.downloads.download import as_fetched, is_downloadable
from workers.models.facts.gguf_model import gguf_model_facts
from workers.models.facts.hf import hf_facts, read_config, sharded
from workers.models.facts.model import ModelFacts as ModelFacts
from workers.models.weights import find_folder

log = logging.getLogger("quintet.memory")

MIB = 1 << 20

BYTES_PER_WEIGHT = {
    "f32": 4.0, "f16": 2.0, "bf16": 2.0, "none": 2.0, "unknown": 2.0, "int8": 1.0, "fp8": 1.0,
    "q8_0": 1.07, "q6_k": 0.83, "q5_k_m": 0.72, "q5_k_s": 0.70, "q5_1": 0.76, "q5_0": 0.70,
    "q4_k_m": 0.62, "q4_k_s": 0.59, "q4_1": 0.66, "q4_0": 0.59, "q3_k_l": 0.55, "q3_k_m": 0.50,
    "q3_k_s": 0.46, "q2_k": 0.40, "q2_k_s": 0.36, "iq4_nl": 0.58, "iq4_xs": 0.55, "iq3_m": 0.47,
    "iq3_s": 0.45, "iq3_xs": 0.43, "iq3_xxs": 0.40, "iq2_m": 0.35, "iq2_s": 0.32, "iq2_xs": 0.30,
    "iq2_xxs": 0.27, "iq1_m": 0.24, "iq1_s": 0.22, "gptq": 0.60, "awq": 0.60, "nf4": 0.60,
    "int4": 0.60,
}  # fmt: skip
"""Quantisation → bytes per weight, over a whole model of a few thousand million parameters.

Source: the sizes of Llama-2-7B files (6,738 million) listed in llama.cpp's tools/quantize/README.md;
GPTQ and AWQ of 4 bits in groups of 128, with embeddings and head in 16 bits.
"""


def read_facts(card: ModelCard, data_dir: Path) -> ModelFacts:
    """Return the facts of a card's model. Reads headers only; what was read is remembered."""
    guessed = facts_of_card(card)
    if card.is_remote:
        return guessed
    try:
        known = as_fetched(card, data_dir) if is_downloadable(card) else card
        found = _from_files(find_folder(card, data_dir), tuple(known.files))
    except (AppError, ConfigError, OSError, ValueError, ImportError, OverflowError) as err:
        log.debug("%s is estimated from its card: %s", card.id, err)
        return guessed
    return _completed(found, guessed) if found.total_bytes else guessed


def facts_of_card(card: ModelCard) -> ModelFacts:
    """Return what the card alone says."""
    num_bytes = card.download_mib * MIB or int(
        card.parameters_m * 1e6 * BYTES_PER_WEIGHT.get(card.quantization.lower(), 2.0)
    )
    projector_bytes = sum(size for name, size in card.file_bytes.items() if "mmproj" in name)
    parameters = int(card.parameters_m * 1e6)
    facts = ModelFacts(
        weights_bytes={card.quantization: max(0, num_bytes - projector_bytes)},
        projector_bytes=projector_bytes,
        token_bytes={card.quantization: max(0, num_bytes - projector_bytes)},
        linear_elements=parameters,
        context_length=card.context_length,
    )
    shape = card.shape
    if shape is None:
        return facts
    kept = min(parameters, 2 * shape.vocab_size * shape.hidden_size)
    kv_layers = shape.num_kv_layers or shape.num_layers
    return replace(
        facts,
        linear_elements=parameters - kept,
        other_elements=kept,
        num_layers=shape.num_layers,
        whole_kv_values=2 * kv_layers * shape.num_kv_heads * shape.head_dim,
        sliding_kv_values=shape.sliding_kv_values,
        sliding_window=shape.sliding_window,
        recurrent_bytes=round(shape.state_mib * MIB),
        hidden_size=shape.hidden_size,
        feed_forward_size=4 * shape.hidden_size,
        vocab_size=shape.vocab_size,
    )


def _from_files(folder: Path, names: tuple[str, ...]) -> ModelFacts:
    """Raises: ConfigError; OSError."""
    paths = [folder / name for name in names]
    ggufs = [path for path in paths if path.suffix == ".gguf"]
    if ggufs:
        return _of_ggufs(ggufs)
    tensors = [path for path in paths if path.suffix == ".safetensors"]
    if tensors or not paths:
        found = {path.name: path for path in (*tensors, *sharded(folder))}
        if not found:
            found = {path.name: path for path in sorted(folder.glob("*.safetensors"))}
        return hf_facts(folder, found.values())
    return _of_sizes(folder, paths)


def _of_ggufs(paths: list[Path]) -> ModelFacts:
    """A model may be cut into several files, of which the first says what it is."""
    all_facts = [gguf_model_facts(path) for path in paths]
    weights: Counter[str] = Counter()
    read: Counter[str] = Counter()
    for facts in all_facts:
        weights.update(facts.weights_bytes)
        read.update(facts.token_bytes)
    first = next((facts for facts in all_facts if facts.num_layers), all_facts[0])
    return replace(
        first,
        weights_bytes=dict(weights),
        token_bytes=dict(read),
        linear_elements=sum(facts.linear_elements for facts in all_facts),
        other_elements=sum(facts.other_elements for facts in all_facts),
        projector_bytes=sum(facts.projector_bytes for facts in all_facts),
        image_tokens=max(facts.image_tokens for facts in all_facts),
    )


def _of_sizes(folder: Path, paths: list[Path]) -> ModelFacts:
    """ONNX and CTranslate2: the files' sizes are the weights'; words and settings are small."""
    weights: Counter[str] = Counter()
    for path in paths:
        if path.suffix in (".onnx", ".bin", ".onnx_data") or path.name.endswith(".onnx.data"):
            weights[path.suffix.lstrip(".")] += path.stat().st_size
    config = read_config(folder)
    return ModelFacts(
        architecture=str(config.get("model_type", "")),
        weights_bytes=dict(weights),
        is_from_files=True,
    )


def _completed(found: ModelFacts, guessed: ModelFacts) -> ModelFacts:
    """Fill what the files do not say from what the card does."""
    names = ("num_layers", "hidden_size", "feed_forward_size", "vocab_size", "context_length")
    missing = {name: getattr(guessed, name) for name in names if not getattr(found, name)}
    if not found.kv_values_per_token:
        missing["whole_kv_values"] = guessed.whole_kv_values
    return replace(found, **missing)
