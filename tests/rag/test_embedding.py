"""The default embedder against BERT computed by hand: its layers in numpy on the published weights."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from configs.catalogue import load_catalogue
from tests.rag.conftest import ask
from workers.engines.rag.worker import RagWorker
from workers.messages import Embed, Embedded
from workers.models.weights import find_folder

TEXTS = (
    "hello world",
    "The assembly point in case of fire is the car park behind the bakery.",
    "Ünïcödé, naïve café; 東京 — 42 % of 1,000 €!",
    "x",
    "word " * 150,
    "The sentence goes on and on, and nobody knows when it will end. " * 60,
)
MAX_TOKENS = 256


@pytest.fixture(scope="module")
def folder() -> Path:
    return find_folder(load_catalogue()["all-minilm-l6-v2"], Path("/nonexistent"))


def reference(folder: Path, text: str, pooling: str = "mean") -> np.ndarray[Any, Any]:
    """BERT's forward pass, mean or first token of the last layer, length 1."""
    config = json.loads((folder / "config.json").read_text())
    stored = load_file(folder / "model.safetensors")
    weights = {n.removeprefix("bert."): w.astype(np.float32) for n, w in stored.items()}
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    ids = tokenizer.encode(text).ids

    def linear(x: Any, name: str) -> Any:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(x: Any, name: str) -> Any:
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    erf = np.vectorize(math.erf)
    for number in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{number}"
        q, k, v = (
            linear(x, f"{layer}.attention.self.{part}").reshape(
                len(ids), config["num_attention_heads"], -1
            )
            for part in ("query", "key", "value")
        )
        logits = np.einsum("qhd,khd->hqk", q, k) / math.sqrt(q.shape[-1])
        shares = np.exp(logits - logits.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        seen = np.einsum("hqk,khd->qhd", shares, v).reshape(len(ids), -1)
        x = norm(
            x + linear(seen, f"{layer}.attention.output.dense"),
            f"{layer}.attention.output.LayerNorm",
        )
        inner = linear(x, f"{layer}.intermediate.dense")
        inner = inner * 0.5 * (1.0 + erf(inner / math.sqrt(2.0)))
        x = norm(x + linear(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    whole = x[0] if pooling == "cls" else x.mean(0)
    unit: np.ndarray[Any, Any] = whole / np.linalg.norm(whole)
    return unit


def vectors_of(worker: RagWorker, texts: tuple[str, ...]) -> np.ndarray[Any, Any]:
    (event,) = ask(worker, Embed(texts=texts))
    assert isinstance(event, Embedded)
    return np.frombuffer(event.vectors, dtype=np.float32).reshape(len(texts), event.dim)


def test_vectors_equal_the_reference(worker: RagWorker, folder: Path) -> None:
    vectors = vectors_of(worker, TEXTS)
    cosines = [
        float(vector @ reference(folder, text)) for vector, text in zip(vectors, TEXTS, strict=True)
    ]
    assert min(cosines) >= 0.99999, cosines


def test_vectors_have_length_one_and_keep_their_order(worker: RagWorker) -> None:
    together = vectors_of(worker, TEXTS)
    alone = np.concatenate([vectors_of(worker, (text,)) for text in TEXTS])
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    assert (np.sum(together * alone, axis=1) > 0.99999).all()
