"""The packaged Whisper tiny.en as the ONNX files that onnx-asr reads: the same weights in a graph of ours.

Source: openai/whisper, `model.py`; names of inputs and outputs as Hugging Face's optimum exports them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .onnx_files import Graph, Ports, write_graph
from .whisper_checkpoint import Tensors, read_tensors

LAYERS, WIDTH, HEADS, MAX_TOKENS, FRAMES = 4, 384, 6, 448, 1500
FILES = ("encoder_model.onnx", "decoder_model_merged.onnx", "vocab.json", "added_tokens.json")


def write_whisper(source: Path, folder: Path) -> Path:
    """Write the model of the CTranslate2 folder `source`."""
    folder.mkdir(parents=True)
    tensors = read_tensors(source)
    write_graph(_encoder(tensors), folder / FILES[0])
    write_graph(_decoder(tensors), folder / FILES[1])
    tokenizer = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    added = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    (folder / FILES[2]).write_text(json.dumps(tokenizer["model"]["vocab"]))
    (folder / FILES[3]).write_text(json.dumps(added))
    (folder / "config.json").write_text(json.dumps({"model_type": "whisper", "num_mel_bins": 80}))
    return folder


class _Layers(Graph):
    """Adds a side's layers, whose tensors are named as in transformers."""

    def __init__(self, tensors: Tensors) -> None:
        super().__init__()
        self._tensors = tensors

    def tensor(self, name: str) -> str:
        return self.constant(self._tensors[f"model.{name}"])

    def linear(self, value: str, name: str) -> str:
        weight = self.constant(self._tensors[f"model.{name}.weight"].T)
        product = self.add("MatMul", value, weight)
        if f"model.{name}.bias" not in self._tensors:  # keys have none
            return product
        return self.add("Add", product, self.tensor(f"{name}.bias"))

    def norm(self, value: str, name: str, output: str = "") -> str:
        scale, bias = self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias")
        return self.add("LayerNormalization", value, scale, bias, axis=-1, output=output)

    def heads(self, value: str) -> str:
        split = self.constant([0, 0, HEADS, WIDTH // HEADS], np.int64)
        return self.add("Transpose", self.add("Reshape", value, split), perm=[0, 2, 1, 3])

    def attention(self, value: str, seen: str, name: str, mask: str = "") -> str:
        query, keys, values = (
            self.heads(self.linear(given, f"{name}.{part}_proj"))
            for given, part in ((value, "q"), (seen, "k"), (seen, "v"))
        )
        scores = self.add("MatMul", query, self.add("Transpose", keys, perm=[0, 1, 3, 2]))
        scores = self.add("Mul", scores, self.constant((WIDTH // HEADS) ** -0.5))
        scores = self.add("Add", scores, mask) if mask else scores
        mixed = self.add("MatMul", self.add("Softmax", scores, axis=-1), values)
        joined = self.constant([0, 0, WIDTH], np.int64)
        flat = self.add("Reshape", self.add("Transpose", mixed, perm=[0, 2, 1, 3]), joined)
        return self.linear(flat, f"{name}.out_proj")

    def layer(self, value: str, name: str, mask: str = "", sound: str = "") -> str:
        own = self.norm(value, f"{name}.self_attn_layer_norm")
        value = self.add("Add", value, self.attention(own, own, f"{name}.self_attn", mask))
        if sound:
            asking = self.norm(value, f"{name}.encoder_attn_layer_norm")
            seen = self.attention(asking, sound, f"{name}.encoder_attn")
            value = self.add("Add", value, seen)
        wide = self.linear(self.norm(value, f"{name}.final_layer_norm"), f"{name}.fc1")
        return self.add("Add", value, self.linear(self.add("Gelu", wide), f"{name}.fc2"))


def _encoder(tensors: Tensors) -> tuple[Graph, Ports, Ports]:
    graph = _Layers(tensors)
    value = "input_features"
    for number in (1, 2):
        weight, bias = (graph.tensor(f"encoder.conv{number}.{part}") for part in ("weight", "bias"))
        value = graph.add("Conv", value, weight, bias, strides=[number], pads=[1, 1])
        value = graph.add("Gelu", value)
    value = graph.add("Transpose", value, perm=[0, 2, 1])
    value = graph.add("Add", value, graph.tensor("encoder.embed_positions.weight"))
    for number in range(LAYERS):
        value = graph.layer(value, f"encoder.layers.{number}")
    graph.norm(value, "encoder.layer_norm", output="last_hidden_state")
    inputs: Ports = [("input_features", "FLOAT", ["b", 80, 2 * FRAMES])]
    return graph, inputs, [("last_hidden_state", "FLOAT", ["b", FRAMES, WIDTH])]


def _decoder(tensors: Tensors) -> tuple[Graph, Ports, Ports]:
    """All tokens are read anew for each: no cache, which a short sentence does not miss."""
    graph = _Layers(tensors)
    words = graph.tensor("decoder.embed_tokens.weight")
    num_tokens = graph.add("Gather", graph.add("Shape", "input_ids"), graph.constant([1], np.int64))
    start = graph.constant([0], np.int64)

    def first_rows(value: str, axis: int) -> str:
        return graph.add("Slice", value, start, num_tokens, graph.constant([axis], np.int64))

    positions = first_rows(graph.tensor("decoder.embed_positions.weight"), 0)
    value = graph.add("Add", graph.add("Gather", words, "input_ids"), positions)
    later: Any = np.triu(np.full((MAX_TOKENS, MAX_TOKENS), -1e9), 1)
    mask = first_rows(first_rows(graph.constant(later), 0), 1)
    for number in range(LAYERS):
        value = graph.layer(value, f"decoder.layers.{number}", mask, "encoder_hidden_states")
    value = graph.norm(value, "decoder.layer_norm")
    graph.add("MatMul", value, graph.add("Transpose", words, perm=[1, 0]), output="logits")
    inputs: Ports = [
        ("input_ids", "INT64", ["b", "n"]),
        ("encoder_hidden_states", "FLOAT", ["b", FRAMES, WIDTH]),
    ]
    return graph, inputs, [("logits", "FLOAT", ["b", "n", "v"])]
