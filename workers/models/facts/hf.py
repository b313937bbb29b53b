"""Facts of a model from the `config.json` and the safetensors of a transformers folder.

Source: the configuration classes of transformers; older models name the same things differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from configs.errors import ConfigError
from configs.small_files import read_json

from .model import ModelFacts
from .safetensors_header import SafetensorsFacts, safetensors_facts

Config = Mapping[str, Any]

MAX_COUNT = 1 << 31
"""No model has more layers, heads or tokens; NaN and infinity are none either."""
MAX_INDEX_BYTES = 16 << 20
"""It names every tensor of a model in many files."""

_LAYERS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "decoder_layers")
_HEADS = ("num_attention_heads", "n_head", "num_heads", "n_heads", "decoder_attention_heads")
_HIDDEN = ("hidden_size", "n_embd", "d_model", "dim")
_FEED_FORWARD = ("intermediate_size", "n_inner", "ffn_dim", "d_ff", "decoder_ffn_dim")
_CONTEXT = ("max_position_embeddings", "n_positions", "n_ctx", "max_target_positions")
_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")
_RECURRENT = ("linear_attention", "mamba", "conv")
"""Kinds of layers in `layer_types` that have no KV cache."""


def hf_facts(folder: Path, weights: Iterable[Path]) -> ModelFacts:
    """Read what there is. Raises: ConfigError if a weights file is damaged; OSError."""
    held = SafetensorsFacts()
    for path in weights:
        held += safetensors_facts(path)
    config = read_config(folder)
    text = _text_part(config)
    hidden_size, num_heads = _number(text, _HIDDEN), _number(text, _HEADS)
    num_layers = _number(text, _LAYERS)
    window, num_sliding, num_whole = _layers(text, num_layers)
    heads = _number(text, ("num_key_value_heads", "n_kv_heads")) or num_heads
    values = 2 * heads * (_number(text, ("head_dim",)) or hidden_size // max(1, num_heads))
    return ModelFacts(
        architecture=_architecture(config),
        weights_bytes=dict(held.bytes_by_type),
        token_bytes=_bytes_per_token(held, config, text),
        linear_elements=held.linear_elements,
        other_elements=held.other_elements,
        num_layers=num_layers,
        whole_kv_values=num_whole * values,
        sliding_kv_values=num_sliding * values,
        hidden_size=hidden_size,
        feed_forward_size=_number(text, _FEED_FORWARD) or 4 * hidden_size,
        vocab_size=_number(text, ("vocab_size",)),
        context_length=_number(text, _CONTEXT),
        sliding_window=window,
        projector_bytes=held.seeing_bytes,
        image_tokens=_image_tokens(config),
        is_from_files=True,
    )


def read_config(folder: Path) -> Config:
    """Return the folder's config.json; empty if there is none or it is damaged."""
    try:
        content = read_json(folder / "config.json")
    except ConfigError:
        return {}
    return content if isinstance(content, dict) else {}


def sharded(folder: Path) -> tuple[Path, ...]:
    """Return the safetensors that an index of the folder names; none without an index.

    Raises: ConfigError if the index is damaged.
    """
    names: set[str] = set()
    for index in sorted(folder.glob("*.safetensors.index.json")):
        try:
            content = read_json(index, MAX_INDEX_BYTES)
            names |= {Path(str(name)).name for name in content["weight_map"].values()}
        except (ConfigError, KeyError, TypeError, AttributeError) as err:
            raise ConfigError(f"{index.name} cannot be read: {err}") from err
    return tuple(folder / name for name in sorted(names))


def _architecture(config: Config) -> str:
    named = config.get("architectures")
    if isinstance(named, list) and named:
        return str(named[0])
    return str(config.get("model_type", ""))


def _text_part(config: Config) -> Config:
    """The language model's own section in a model that sees, else the whole."""
    for name in ("text_config", "llm_config", "language_config"):
        part = config.get(name)
        if isinstance(part, dict):
            return part
    return config


def _number(config: Config, names: Iterable[str]) -> int:
    for name in names:
        value = config.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return int(value) if 0 < value < MAX_COUNT else 0
    return 0


def _layers(text: Config, num_layers: int) -> tuple[int, int, int]:
    """Return how far sliding layers look back, how many there are, and how many keep every token.

    The others have a state of fixed size.
    """
    kinds = text.get("layer_types")
    kinds = kinds[:num_layers] if isinstance(kinds, list) else []
    window = _number(text, ("sliding_window",))
    if text.get("use_sliding_window") is False:
        window = 0
    num_recurrent = sum(kind in _RECURRENT for kind in kinds)
    num_sliding = sum(kind == "sliding_attention" for kind in kinds) if kinds else num_layers
    num_sliding = num_sliding if window else 0
    return window if num_sliding else 0, num_sliding, num_layers - num_recurrent - num_sliding


def _bytes_per_token(held: SafetensorsFacts, config: Config, text: Config) -> dict[str, int]:
    """Return what one token reads: all but the table of words and the experts that rest."""
    elements = held.linear_elements + held.other_elements
    hidden, num_experts = _number(text, _HIDDEN), _number(text, _EXPERTS)
    rests = 0.0
    if text.get("tie_word_embeddings", config.get("tie_word_embeddings", True)) is False:
        rests += _number(text, ("vocab_size",)) * hidden
    if num_experts:
        width = _number(text, ("moe_intermediate_size", *_FEED_FORWARD))
        all_experts = _number(text, _LAYERS) * num_experts * 3 * hidden * width
        used = min(num_experts, _number(text, ("num_experts_per_tok", "top_k_experts")))
        rests += all_experts * (1 - used / num_experts)
    share = 1 - min(elements, rests) / elements if elements else 1.0
    return {kind: round(share * num_bytes) for kind, num_bytes in held.bytes_by_type.items()}


def _image_tokens(config: Config) -> int:
    given = _number(config, ("image_seq_length", "mm_tokens_per_image"))
    vision = config.get("vision_config")
    if given or not isinstance(vision, dict):
        return given
    patch = _number(vision, ("patch_size",))
    side = _number(vision, ("image_size",)) // patch if patch else 0
    merge = max(1, _number(vision, ("spatial_merge_size",)), _number(config, ("scale_factor",)))
    return side * side // (merge * merge)
