"""A BERT sentence embedder as safetensors → an ONNX graph that reads its weights where they lie.

Knows tensor names and operators; runs no model. The graph takes some 20 kB and a few milliseconds:
nothing is converted or written, see `onnx_graph.py`. Only standard operators: ONNX Runtime's own fused ones were no faster (docs/adr/0026).
Source: "Attention Is All You Need", BERT's reference code; ONNX operators of opset 20.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.models.facts.safetensors_header import TensorPlace

from .onnx_graph import FLOAT, INT64, GraphValue, OnnxGraph

IDS, MASK, VECTORS = "ids", "mask", "vectors"
"""Inputs (texts, tokens): token ids, and 1 for a token, 0 for padding. Output: (texts, hidden size)."""
POOLINGS = ("mean", "cls")
_GELUS = {"gelu": "none", "gelu_new": "tanh", "gelu_pytorch_tanh": "tanh"}
"""BERT's `hidden_act` → ONNX's `approximate`."""
_WORDS = "embeddings.word_embeddings.weight"
_HIDDEN = -1e4
"""Added to the scores of padding before the softmax, which makes 0 of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BertShape:
    """What BERT's `config.json` says of its layers."""

    hidden_size: int
    num_layers: int
    num_heads: int
    norm_epsilon: float
    gelu: str
    max_tokens: int
    """Positions that it knows."""


def shape_of(config: dict[str, Any]) -> BertShape:
    """Return the shape. Raises: ValueError on another architecture; KeyError."""
    if config.get("model_type") != "bert":
        raise ValueError(f"expected a BERT model, found {config.get('model_type')!r}")
    positions = config.get("position_embedding_type", "absolute")
    activation = config.get("hidden_act", "gelu")
    if positions != "absolute" or activation not in _GELUS:
        raise ValueError(f"a BERT with {positions} positions and {activation} is not known")
    return BertShape(
        hidden_size=config["hidden_size"],
        num_layers=config["num_hidden_layers"],
        num_heads=config["num_attention_heads"],
        norm_epsilon=config["layer_norm_eps"],
        gelu=_GELUS[activation],
        max_tokens=config["max_position_embeddings"],
    )


def build(
    shape: BertShape, pooling: str, weights_name: str, places: Mapping[str, TensorPlace]
) -> bytes:
    """Return the serialised graph; its weights lie in the file `weights_name`.

    Raises: KeyError if a tensor is missing, ValueError if one is of a type that is not known.
    """
    graph = OnnxGraph(weights_name, places)
    prefix = "bert." if f"bert.{_WORDS}" in places else ""
    tokens = _Bert(graph, shape, prefix).last_layer()
    graph.named(VECTORS, "LpNormalization", [_pooled(graph, tokens, pooling)], axis=-1, p=2)
    return graph.serialised(
        [GraphValue(name, INT64, ("texts", "tokens")) for name in (IDS, MASK)],
        [GraphValue(VECTORS, FLOAT, ("texts", shape.hidden_size))],
    )


class _Bert:
    """Adds the layers to a graph. All tokens of all texts are rows of one matrix, but in attention."""

    def __init__(self, graph: OnnxGraph, shape: BertShape, prefix: str) -> None:
        """`prefix`: before the names of all tensors, where the model was saved with a head."""
        self._graph, self._shape, self._prefix = graph, shape, prefix
        head_size = shape.hidden_size // shape.num_heads
        texts = graph.node("Shape", IDS, start=0, end=1)
        self._num_tokens = graph.node("Shape", IDS, start=1, end=2)
        self._rows = graph.constant([-1, shape.hidden_size])
        heads = graph.constant([shape.num_heads, head_size])
        hidden = graph.constant([shape.hidden_size])
        self._by_head = graph.node("Concat", texts, self._num_tokens, heads, axis=0)
        self._by_text = graph.node("Concat", texts, self._num_tokens, hidden, axis=0)
        self._scale = graph.constant(1 / math.sqrt(head_size), "float32")
        self._padding = self._padding_scores()

    def last_layer(self) -> str:
        """Return the last layer's output, (texts, tokens, hidden size)."""
        rows = self._embeddings()
        for number in range(self._shape.num_layers):
            rows = self._layer(rows, f"encoder.layer.{number}")
        return self._graph.node("Reshape", rows, self._by_text)

    def _padding_scores(self) -> str:
        """0 for a token, `_HIDDEN` for padding: (texts, 1, 1, tokens)."""
        graph = self._graph
        tokens = graph.node("Cast", MASK, to=FLOAT)
        missing = graph.node("Sub", graph.constant(1, "float32"), tokens)
        scores = graph.node("Mul", missing, graph.constant(_HIDDEN, "float32"))
        return graph.node("Unsqueeze", scores, graph.constant([1, 2]))

    def _embeddings(self) -> str:
        graph = self._graph
        words = graph.node("Gather", self._weight(_WORDS), IDS)
        all_places = self._weight("embeddings.position_embeddings.weight")
        places = graph.node("Slice", all_places, graph.constant([0]), self._num_tokens)
        types = self._weight("embeddings.token_type_embeddings.weight")
        first_type = graph.node("Gather", types, graph.constant(0))
        total = graph.node("Add", words, graph.node("Add", places, first_type))
        return self._norm(graph.node("Reshape", total, self._rows), "embeddings.LayerNorm")

    def _layer(self, rows: str, name: str) -> str:
        graph = self._graph
        seen = self._linear(self._attention(rows, name), f"{name}.attention.output.dense")
        rows = self._norm(graph.node("Add", seen, rows), f"{name}.attention.output.LayerNorm")
        inner = self._linear(rows, f"{name}.intermediate.dense")
        inner = graph.node("Gelu", inner, approximate=self._shape.gelu)
        outer = self._linear(inner, f"{name}.output.dense")
        return self._norm(graph.node("Add", outer, rows), f"{name}.output.LayerNorm")

    def _attention(self, rows: str, name: str) -> str:
        graph = self._graph

        def heads(part: str, order: list[int]) -> str:
            linear = self._linear(rows, f"{name}.attention.self.{part}")
            return graph.node("Transpose", graph.node("Reshape", linear, self._by_head), perm=order)

        query, key = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1])
        scores = graph.node("Mul", graph.node("MatMul", query, key), self._scale)
        shares = graph.node("Softmax", graph.node("Add", scores, self._padding), axis=-1)
        mixed = graph.node("MatMul", shares, heads("value", [0, 2, 1, 3]))
        together = graph.node("Transpose", mixed, perm=[0, 2, 1, 3])
        return graph.node("Reshape", together, self._rows)

    def _weight(self, name: str) -> str:
        return self._graph.weight(f"{self._prefix}{name}")

    def _linear(self, rows: str, name: str) -> str:
        weight, bias = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return self._graph.node("Gemm", rows, weight, bias, transB=1)

    def _norm(self, rows: str, name: str) -> str:
        weight, bias = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return self._graph.node(
            "LayerNormalization", rows, weight, bias, axis=-1, epsilon=self._shape.norm_epsilon
        )


def _pooled(graph: OnnxGraph, tokens: str, pooling: str) -> str:
    """Make one row of each text: the mean of its tokens, or its first."""
    if pooling == "cls":
        return graph.node("Gather", tokens, graph.constant(0), axis=1)
    mask = graph.node("Cast", MASK, to=FLOAT)
    known = graph.node("Mul", tokens, graph.node("Unsqueeze", mask, graph.constant([2])))
    total = graph.node("ReduceSum", known, graph.constant([1]), keepdims=0)
    count = graph.node("ReduceSum", mask, graph.constant([1]), keepdims=1)
    return graph.node("Div", total, count)
