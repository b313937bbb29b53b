"""Models as config.json and safetensors: which engine runs them, and what it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workers.messages.errors import UnsupportedInputError

from .repo_files import RepoFiles
from .values import Values, card_values

_NF4_FROM_M = 1500
"""Larger models are made four-bit while they load."""
_BITS = {"float32": 32, "float16": 16, "bfloat16": 16}
_WORDPIECE = ("model.safetensors", "tokenizer.json", "config.json", "vocab.txt")
_POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
_BESIDE = re.compile(r"(^|/)[^/]*\.(json|jinja|model)$|(^|/)(vocab|merges)\.txt$")
_GENERATES = "ForConditionalGeneration"

Config = Mapping[str, Any]


def of_config(repo: RepoFiles, modality: str) -> Values:
    """Return the card's fields. Raises: UnsupportedInputError naming what cannot be run."""
    config = repo.json("config.json")
    names = [str(name) for name in config.get("architectures") or ()]
    name = names[0] if names else ""
    if "auto_map" in config:
        raise UnsupportedInputError(
            f"{repo.place} ({config.get('model_type', name)}) brings Python code of its own, which "
            "is never run.",
            "Look for a GGUF file of it, or for a version that the transformers library knows.",
        )
    if name.startswith("Whisper"):
        return _with_torch(repo, config, "stt")
    if name.endswith("ForSequenceClassification"):
        return _reranker(repo, config, name)
    if name.endswith(_GENERATES) and "vision_config" in config:
        return _with_torch(repo, config, "text" if modality == "text" else "vision")
    if name.endswith("ForCausalLM") or name.endswith("LMHeadModel"):
        return _with_torch(repo, config, "text")
    if name.endswith(("Model", "ForMaskedLM")) and _is_embedder(repo, modality):
        return _embedder(repo, config)
    raise UnsupportedInputError(
        f"{repo.place} has the architecture {name or 'none'}, which is not known here as a model "
        "of text, speech, pictures or documents.",
        "Look for a GGUF file of it, or for a model of another family.",
    )


def _with_torch(repo: RepoFiles, config: Config, modality: str) -> Values:
    weights = _weights(repo)
    size, method = repo.size(*weights), _quantization_method(config)
    parameters_m = size * 8 / _bits(config) / 1e6
    engine, options = "transformers", {}
    quantization, in_memory = "none", size
    if method in ("gptq", "awq"):
        engine, quantization = "gptqmodel", method
        parameters_m = size * 8 / 4.6 / 1e6
    elif method:
        quantization = method
    elif parameters_m > _NF4_FROM_M and modality != "stt":
        options, quantization, in_memory = {"load_in": "nf4"}, "nf4", int(size * 5 / _bits(config))
    text = config.get("text_config") or config
    return card_values(
        repo, modality=modality, engine=engine, files=[*weights, *_beside(repo)],
        weights_bytes=in_memory, quantization=quantization, parameters_m=round(parameters_m, 1),
        context_length=0 if modality == "stt" else int(text.get("max_position_embeddings") or 0),
        shape=None if modality == "stt" else _shape(text), options=options,
    )  # fmt: skip


def _reranker(repo: RepoFiles, config: Config, name: str) -> Values:
    if len(config.get("id2label") or {"0": ""}) != 1:
        raise UnsupportedInputError(
            f"{repo.place} ({name}) sorts texts into {len(config['id2label'])} classes.",
            "A reranker gives one number: look for a cross-encoder.",
        )
    return _sentence_values(repo, config, "crossencoder", [*_weights(repo), *_beside(repo)])


def _embedder(repo: RepoFiles, config: Config) -> Values:
    """BERT with WordPiece runs without PyTorch; others need it."""
    pooling = _pooling(repo)
    is_wordpiece = config.get("model_type") == "bert" and all(n in repo.files for n in _WORDPIECE)
    if is_wordpiece and pooling:
        values = _sentence_values(repo, config, "onnxruntime", list(_WORDPIECE))
        return {**values, "options": {"pooling": pooling}}
    return _sentence_values(repo, config, "sentencetransformers", [*_weights(repo), *_beside(repo)])


def _sentence_values(repo: RepoFiles, config: Config, engine: str, files: list[str]) -> Values:
    size = repo.size(*(name for name in files if name.endswith(".safetensors")))
    length = repo.json("sentence_bert_config.json").get("max_seq_length")
    return card_values(
        repo, modality="rag", engine=engine, files=files, weights_bytes=size,
        parameters_m=round(size * 8 / _bits(config) / 1e6, 1),
        context_length=int(length or config.get("max_position_embeddings") or 512),
    )  # fmt: skip


def _is_embedder(repo: RepoFiles, modality: str) -> bool:
    return (
        modality == "rag" or "modules.json" in repo.files or "1_Pooling/config.json" in repo.files
    )


def _pooling(repo: RepoFiles) -> str:
    modes = repo.json("1_Pooling/config.json") or {"pooling_mode_mean_tokens": True}
    found = [ours for theirs, ours in _POOLINGS.items() if modes.get(theirs)]
    return found[0] if len(found) == 1 else ""


def _weights(repo: RepoFiles) -> list[str]:
    """Return the weights in the top folder: the pieces, or the one file."""
    top = [n for n in repo.files if n.endswith(".safetensors") and "/" not in n]
    pieces = [name for name in top if re.search(r"-\d{5}-of-\d{5}", name)]
    if pieces and "model.safetensors" not in top:
        return sorted(pieces)
    return ["model.safetensors"] if "model.safetensors" in top else sorted(top)[:1]


def _beside(repo: RepoFiles) -> list[str]:
    modules = sorted(n for n in repo.files if re.fullmatch(r"\d_\w+/model\.safetensors", n))
    return modules + sorted(name for name in repo.files if _BESIDE.search(name))


def _quantization_method(config: Config) -> str:
    return str((config.get("quantization_config") or {}).get("quant_method") or "")


def _bits(config: Config) -> int:
    text = config.get("text_config") or {}
    kind = config.get("dtype") or config.get("torch_dtype") or text.get("dtype")
    return _BITS.get(str(kind or text.get("torch_dtype")), 32)


def _shape(config: Config) -> dict[str, int] | None:
    num_heads, hidden = config.get("num_attention_heads"), config.get("hidden_size")
    if not (num_heads and hidden and config.get("num_hidden_layers")):
        return None
    return {
        "num_layers": int(config["num_hidden_layers"]),
        "hidden_size": int(hidden),
        "num_heads": int(num_heads),
        "num_kv_heads": int(config.get("num_key_value_heads") or num_heads),
        "head_dim": int(config.get("head_dim") or hidden // num_heads),
        "vocab_size": int(config.get("vocab_size") or 0),
    }
