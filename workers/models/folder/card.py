"""One model of a LocalAI model file → a card. Reads headers, opens no weights.

The keys are LocalAI's. What we cannot honour is returned as names, for one sentence in the log;
what LocalAI does not know either is ignored, as it does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from configs.catalogue import ModelCard
from configs.errors import ConfigError, explain
from workers.models.facts.gguf import UNKNOWN, gguf_facts
from workers.specs.spec import RANKS

from .lookup import folder_card
from .projector import find_projector
from .templates import read_templates
from .weights import Weights, find_weights

Entry = Mapping[str, Any]

DEFAULT_CONTEXT_TOKENS = 4096
DEFAULT_SAMPLING = {"temperature": 0.9, "top_p": 0.95, "top_k": 40}
"""What LocalAI samples with where the file says nothing."""

_LLAMA = ("llama", "llama-cpp", "llama-ggml", "llama-stable", "llama-grammar", "gpt4all")
_EMBEDDING = ("bert-embeddings", "sentencetransformers", "huggingface-embeddings")
_SPEECH = {"whisper": "stt", "faster-whisper": "stt", "piper": "tts"}
_RERANKING = ("rerankers",)

_SAMPLING = (
    "temperature top_p top_k min_p max_tokens seed repeat_penalty frequency_penalty "
    "presence_penalty typical_p mirostat mirostat_tau mirostat_eta ignore_eos"
).split()
_POSITIVE = ("max_tokens", "seed")
"""0 or -1 means "none" here: without bound, at random."""
_NUMBERS = {
    "gpu_layers": "gpu_layers",
    "threads": "threads",
    "context_size": "context_tokens",
    "rope_freq_base": "rope_freq_base",
    "rope_freq_scale": "rope_freq_scale",
}
_SWITCHES = {"mmap": "use_mmap", "mmlock": "use_mlock"}
_CLEANING = ("cutstrings", "trimspace", "trimsuffix")
_NOT_HONOURED = (
    "f16 numa low_vram main_gpu tensor_split no_mulmatq prompt_cache_path prompt_cache_all "
    "prompt_cache_ro lora_adapter lora_base lora_scale lora_adapters draft_model n_draft "
    "rope_scaling yarn_ext_factor yarn_attn_factor yarn_beta_fast yarn_beta_slow grammar "
    "function extract_regex batch n_keep tfz negative_prompt repeat_last_n echo quantization "
    "flash_attention cache_type_k cache_type_v engine_args options embeddings"
).split()


def card_of(entry: Entry, folder: Path) -> tuple[ModelCard, list[str]]:
    """Return the card of one model, and the keys that it sets to no effect here.

    Raises: ConfigError saying why the model cannot be offered.
    """
    parameters = _mapping(entry, "parameters")
    model = str(parameters.get("model") or "")
    if not model:
        raise ConfigError("parameters.model is missing")
    weights = find_weights(model, folder, entry.get("download_files") or ())
    kind = _kind(entry, weights)
    why_blind = "only a text model sees" if entry.get("mmproj") else ""
    if kind in ("stt", "tts") or (weights.path and weights.path.is_dir()):
        card = folder_card(str(entry["name"]), kind, weights)
    elif kind == "rag":
        card = _checked(_gguf_values(entry, weights, "rag"))
    else:
        values = _text_values(entry, parameters, model, folder, weights)
        why_blind = _add_projector(values, entry, folder, weights)
        card = _checked(values)
    both = {**parameters, **entry, "embeddings": entry.get("embeddings") and kind != "rag"}
    blind = [f"mmproj ({why_blind})"] if why_blind else []
    return card, [*(key for key in _NOT_HONOURED if both.get(key)), *blind]


def _kind(entry: Entry, weights: Weights) -> str:
    """Return the modality. A chat model that is also to embed only chats: see the keys ignored."""
    backend = str(entry.get("backend") or "").lower()
    if backend in _SPEECH:
        return _SPEECH[backend]
    if backend and backend not in (*_LLAMA, *_EMBEDDING, *_RERANKING):
        raise ConfigError(f"no engine here does what the backend {backend!r} does")
    is_asked = bool(entry.get("embeddings")) or backend in _EMBEDDING
    if weights.path is None or weights.path.is_dir():
        return "rag" if is_asked else "text"
    facts = gguf_facts(weights.path)
    if facts.architecture == "clip":
        raise ConfigError("it is the projector of a vision model, not a model of its own")
    made_for_it = facts.embedding.is_embedder or facts.embedding.ranks
    return "rag" if made_for_it or backend in _EMBEDDING else "text"


def _text_values(
    entry: Entry, parameters: Entry, model: str, folder: Path, weights: Weights
) -> dict[str, Any]:
    values = _gguf_values(entry, weights, "text")
    has_own = gguf_facts(weights.path).has_chat_template if weights.path else True
    values["templates"] = read_templates(entry, model, folder, has_own=has_own)
    values["sampling"] = _sampling({**entry, **parameters}, entry.get("stopwords"))
    values["options"] |= {key: _patterns(entry, key) for key in _CLEANING if entry.get(key)}
    return values


def _add_projector(values: dict[str, Any], entry: Entry, folder: Path, weights: Weights) -> str:
    """Let a text model see, if it names a projector; returns why it cannot be used, "" if it can."""
    name = str(entry.get("mmproj") or "")
    if not name:
        return ""
    try:
        found = find_projector(name, folder, entry.get("download_files") or (), weights)
    except ConfigError as err:
        return str(err)
    values["files"] = {**values["files"], found.name: found.sha256}
    values["options"] |= {"projector": found.name}
    if found.source:
        values["file_sources"] = {found.name: found.source}
    return ""


def _gguf_values(entry: Entry, weights: Weights, modality: str) -> dict[str, Any]:
    both = {**entry, **_mapping(entry, "parameters")}
    options: dict[str, Any] = {
        ours: _number(theirs, both[theirs]) for theirs, ours in _NUMBERS.items() if both.get(theirs)
    }
    options |= {ours: bool(entry[key]) for key, ours in _SWITCHES.items() if key in entry}
    if modality == "rag" and weights.path and gguf_facts(weights.path).embedding.ranks:
        options[RANKS] = True
    if entry.get("no_kv_offloading"):
        options["offload_kqv"] = False
    values: dict[str, Any] = {
        "id": str(entry["name"]),
        "name": str(entry["name"]),
        "modality": modality,
        "engine": "llamacpp",
        "source": weights.source,
        "files": weights.files,
        "description": str(entry.get("description") or ""),
        "languages": (),
        "options": options,
    }
    return values | _facts(weights, options)


def _facts(weights: Weights, options: Mapping[str, Any]) -> dict[str, Any]:
    if weights.path is None:
        wanted = int(options.get("context_tokens", DEFAULT_CONTEXT_TOKENS))
        return {
            "license": UNKNOWN, "license_url": "", "origin": UNKNOWN, "parameters_m": 0,
            "memory_mib": 0, "context_length": wanted,
        }  # fmt: skip
    facts = gguf_facts(weights.path)
    return {
        "license": facts.license,
        "license_url": facts.license_url,
        "origin": facts.origin,
        "parameters_m": facts.parameters_m,
        "quantization": facts.quantization,
        "context_length": facts.context_length,
        "memory_mib": facts.size_mib,
    }


def _sampling(given: Entry, stopwords: object) -> dict[str, Any]:
    """Return the fields of SamplingParams; an explicit 0 counts, other than in old LocalAI."""
    sampling: dict[str, Any] = dict(DEFAULT_SAMPLING)
    sampling |= {
        name: _number(name, given[name]) for name in _SAMPLING if given.get(name) is not None
    }
    for name in _POSITIVE:
        if sampling.get(name, 1) < (1 if name == "max_tokens" else 0):
            del sampling[name]
    if stopwords:
        words = stopwords if isinstance(stopwords, list) else [stopwords]
        sampling["stop"] = [str(word) for word in words]
    return sampling


def _number(name: str, value: object) -> int | float:
    """Booleans are numbers, as for `ignore_eos`."""
    if not isinstance(value, (int, float)):
        raise ConfigError(f"{name} is {value!r}, not a number")
    return value


def _patterns(entry: Entry, key: str) -> list[str]:
    given = entry[key] if isinstance(entry[key], list) else [entry[key]]
    texts = [str(text) for text in given]
    for text in texts if key == "cutstrings" else ():
        try:
            re.compile(text)
        except re.error as err:
            raise ConfigError(f"cutstrings: {text!r} is no regular expression: {err}") from err
    return texts


def _mapping(entry: Entry, key: str) -> Entry:
    value = entry.get(key) or {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"{key} must be a mapping")
    return value


def _checked(values: dict[str, Any]) -> ModelCard:
    try:
        return ModelCard.model_validate(values)
    except ValidationError as err:
        raise ConfigError(explain(err, ModelCard)) from err
