"""The packaged Whisper tiny.en, written for CTranslate2, as the transformers checkpoint it came from.

Source: OpenNMT/CTranslate2, `specs/model_spec.py` (`_serialize`) and `converters/transformers.py`.
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

Tensors = dict[str, NDArray[Any]]

_DTYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
_LAYERS, _WIDTH, _HEADS = 4, 384, 6
_EOT, _SOT, _SOT_PREV, _NO_TIMESTAMPS = 50256, 50257, 50360, 50362


def write_checkpoint(source: Path, target: Path) -> Path:
    """Write config, tokenizer and safetensors of the model in `source` to `target`."""
    target.mkdir(parents=True)
    tensors = read_tensors(source)
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()},
              target / "model.safetensors", metadata={"format": "pt"})  # fmt: skip
    shutil.copy(source / "tokenizer.json", target)
    known = json.loads((source / "config.json").read_text())
    for name, content in _configs(known).items():
        (target / name).write_text(json.dumps(content))
    return target


def read_tensors(source: Path) -> Tensors:
    """Return the tensors of the model in `source`, by transformers' names."""
    return dict(_renamed(_read(source / "model.bin")))


def _read(path: Path) -> Tensors:
    """Read CTranslate2's variables: name, shape, type, bytes, one after the other."""
    data, at = memoryview(path.read_bytes()), 0

    def number(kind: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(f"<{kind}", data, at)
        at += struct.calcsize(kind)
        return int(value)

    def raw(length: int) -> bytes:
        nonlocal at
        at += length
        return bytes(data[at - length : at])

    def name() -> str:
        return raw(number("H"))[:-1].decode()

    number("I"), name(), number("I")
    tensors: Tensors = {}
    for _ in range(number("I")):
        key = name()
        shape = [number("I") for _ in range(number("B"))]
        dtype = _DTYPES[number("B")]
        tensors[key] = np.frombuffer(raw(number("I")), dtype=dtype).reshape(shape)
    return tensors


def _renamed(ct2: Tensors) -> Iterator[tuple[str, NDArray[Any]]]:
    for part in ("encoder", "decoder"):
        old, new = f"{part}/", f"model.{part}."
        yield f"{new}embed_positions.weight", ct2[f"{old}position_encodings/encodings"]
        yield from _norm(ct2, f"{old}layer_norm", f"{new}layer_norm")
        for number in range(_LAYERS):
            yield from _layer(ct2, f"{old}layer_{number}/", f"{new}layers.{number}.")
    for conv in ("conv1", "conv2"):
        yield from _linear(ct2, f"encoder/{conv}", f"model.encoder.{conv}")
    yield "model.decoder.embed_tokens.weight", ct2["decoder/embeddings/weight"]


def _layer(ct2: Tensors, old: str, new: str) -> Iterator[tuple[str, NDArray[Any]]]:
    yield from _norm(ct2, f"{old}self_attention/layer_norm", f"{new}self_attn_layer_norm")
    yield from _split(ct2, f"{old}self_attention/linear_0", f"{new}self_attn.", "qkv")
    yield from _linear(ct2, f"{old}self_attention/linear_1", f"{new}self_attn.out_proj")
    if f"{old}attention/linear_0/weight" in ct2:
        yield from _norm(ct2, f"{old}attention/layer_norm", f"{new}encoder_attn_layer_norm")
        yield from _split(ct2, f"{old}attention/linear_0", f"{new}encoder_attn.", "q")
        yield from _split(ct2, f"{old}attention/linear_1", f"{new}encoder_attn.", "kv")
        yield from _linear(ct2, f"{old}attention/linear_2", f"{new}encoder_attn.out_proj")
    yield from _norm(ct2, f"{old}ffn/layer_norm", f"{new}final_layer_norm")
    yield from _linear(ct2, f"{old}ffn/linear_0", f"{new}fc1")
    yield from _linear(ct2, f"{old}ffn/linear_1", f"{new}fc2")


def _norm(ct2: Tensors, old: str, new: str) -> Iterator[tuple[str, NDArray[Any]]]:
    yield f"{new}.weight", ct2[f"{old}/gamma"]
    yield f"{new}.bias", ct2[f"{old}/beta"]


def _linear(ct2: Tensors, old: str, new: str) -> Iterator[tuple[str, NDArray[Any]]]:
    yield f"{new}.weight", ct2[f"{old}/weight"]
    yield f"{new}.bias", ct2[f"{old}/bias"]


def _split(ct2: Tensors, old: str, new: str, parts: str) -> Iterator[tuple[str, NDArray[Any]]]:
    """CTranslate2 joins the projections of queries, keys and values; Whisper's keys have no bias."""
    weights = np.split(ct2[f"{old}/weight"], len(parts))
    biases = np.split(ct2[f"{old}/bias"], len(parts))
    for part, weight, bias in zip(parts, weights, biases, strict=True):
        yield f"{new}{part}_proj.weight", weight
        if part != "k":
            yield f"{new}{part}_proj.bias", bias


def _configs(known: dict[str, Any]) -> dict[str, Any]:
    sides = {
        f"{side}_{key}": value
        for side in ("encoder", "decoder")
        for key, value in (
            ("layers", _LAYERS),
            ("attention_heads", _HEADS),
            ("ffn_dim", 4 * _WIDTH),
        )
    }
    ids = {
        "bos_token_id": _EOT,
        "eos_token_id": _EOT,
        "pad_token_id": _EOT,
        "decoder_start_token_id": _SOT,
    }
    return {
        "config.json": {
            "architectures": ["WhisperForConditionalGeneration"],
            "model_type": "whisper",
            "d_model": _WIDTH,
            "num_mel_bins": 80,
            "vocab_size": 51864,
            "torch_dtype": "float16",
            **sides,
            **ids,
        },
        "generation_config.json": {
            **ids,
            "alignment_heads": known["alignment_heads"],
            "begin_suppress_tokens": known["suppress_ids_begin"],
            "suppress_tokens": known["suppress_ids"],
            "is_multilingual": False,
            "max_initial_timestamp_index": 50,
            "max_length": 448,
            "no_timestamps_token_id": _NO_TIMESTAMPS,
            "prev_sot_token_id": _SOT_PREV,
        },
        "preprocessor_config.json": {
            "feature_extractor_type": "WhisperFeatureExtractor",
            "feature_size": 80,
            "processor_class": "WhisperProcessor",
        },
        "tokenizer_config.json": {
            "tokenizer_class": "WhisperTokenizer",
            "bos_token": "<|endoftext|>",
            "eos_token": "<|endoftext|>",
            "unk_token": "<|endoftext|>",
        },
    }
