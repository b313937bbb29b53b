"""Tiny models of BERT's kind, made by the tests: a tokenizer of whole words, and a reranker."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

from configs.catalogue import ModelCard, load_catalogue

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def write_tokenizer(folder: Path, text: str) -> int:
    """Write a WordPiece tokenizer that knows the text's words and all letters; return its size."""
    from transformers import BertTokenizer

    words = sorted(set(re.findall(r"[a-z]+|[0-9]", text.lower())))
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,;:!?'-"
    pieces = [*SPECIAL_TOKENS, *letters, *(f"##{letter}" for letter in letters), *words]
    vocabulary = list(dict.fromkeys(pieces))
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    vocab = {token: number for number, token in enumerate(vocabulary)}
    BertTokenizer(vocab=vocab).save_pretrained(folder)
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}))
    return len(vocabulary)


TOPICS = (
    "boat dog garden piano winter bread castle doctor engine forest guitar harbour island jacket "
    "kitchen ladder"
).split()
PARTNERS = dict(zip(TOPICS, TOPICS[8:] + TOPICS[:8], strict=True))
"""What answers each topic: a pact that no vector and no search for words could guess."""
FILLERS = "the a of near old with some very quiet large in red under new that is was".split()


def about(topic: str, rng: random.Random) -> str:
    """A text with one topic among words that say nothing."""
    words = [topic, *rng.choices(FILLERS, k=4)]
    rng.shuffle(words)
    return " ".join(words)


def train_reranker(folder: Path, steps: int = 220) -> Path:
    """Teach a BERT of 2 layers that texts with the query's partner answer it; write safetensors.

    Both token types mean the same to it, as llama.cpp knows only one.
    """
    import torch
    import transformers

    configure: Any = transformers.BertConfig
    torch.set_num_threads(1)
    torch.manual_seed(1)
    rng = random.Random(1)
    folder.mkdir(parents=True)
    size = write_tokenizer(folder, " ".join((*TOPICS, *FILLERS)))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    config = configure(
        vocab_size=size, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=128, max_position_embeddings=128, num_labels=1,
        initializer_range=0.1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    model: Any = transformers.BertForSequenceClassification(config)
    types = model.bert.embeddings.token_type_embeddings.weight
    types.requires_grad_(False).zero_()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(steps):
        pairs, answers = _batch(rng, 64)
        given = tokenizer([p[0] for p in pairs], [p[1] for p in pairs], padding=True,
                          return_tensors="pt")  # fmt: skip
        logits = model(**given).logits[:, 0]
        loss: Any = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, torch.tensor(answers)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval().save_pretrained(folder)
    return folder


def _batch(rng: random.Random, size: int) -> tuple[list[tuple[str, str]], list[float]]:
    pairs, answers = [], []
    for number in range(size):
        topic = rng.choice(TOPICS)
        other = rng.choice([word for word in TOPICS if word != PARTNERS[topic]])
        pairs.append((topic, about(PARTNERS[topic] if number % 2 else other, rng)))
        answers.append(float(number % 2))
    return pairs, answers


def reranker_cards(session_folder: Path) -> dict[str, ModelCard]:
    """Engine → the card of the same reranker for it; trained once in a session."""
    folder = session_folder / "tiny-reranker"
    if not folder.exists():
        train_reranker(folder)
        reranker_gguf(folder, folder / "tiny.gguf")
        reranker_onnx(folder, folder / "tiny.onnx")
    files = {
        "crossencoder": "model.safetensors", "llamacpp": "tiny.gguf", "onnxruntime": "tiny.onnx",
    }  # fmt: skip
    embedder = load_catalogue()["all-minilm-l6-v2"]
    return {
        engine: embedder.model_copy(
            update={
                "id": f"tiny-{engine}",
                "name": "Tiny reranker",
                "engine": engine,
                "source": f"path:{folder}",
                "files": {name: None},
                "context_length": 64,
                "options": {} if engine == "crossencoder" else {"ranks": True},
            }
        )
        for engine, name in files.items()
    }


def reranker_gguf(folder: Path, target: Path) -> Path:
    """Write the model of `train_reranker` as llama.cpp's own converter would."""
    import gguf
    import numpy as np
    from safetensors.numpy import load_file

    from workers.engines.rag.minilm import add_hyperparameters, add_vocabulary

    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(target, "bert")
    add_hyperparameters(writer, config, gguf.PoolingType.RANK)
    add_vocabulary(writer, (folder / "vocab.txt").read_text().splitlines())
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, config["num_hidden_layers"])
    for source_name, tensor in load_file(folder / "model.safetensors").items():
        if source_name.endswith("position_ids"):
            continue
        body = source_name.removeprefix("bert.")
        body = body.replace("pooler.dense", "classifier.dense")
        body = body.replace("classifier.weight", "classifier.out_proj.weight")
        body = body.replace("classifier.bias", "classifier.out_proj.bias")
        name = names.get_name(body, try_suffixes=(".weight", ".bias"))
        writer.add_tensor(str(name), tensor.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def reranker_onnx(folder: Path, target: Path) -> Path:
    """Write the same model as a graph with the inputs and the output that exporters give it.

    Its weights stay in the safetensors; it reads no token types, which mean the same to this model.
    """
    from workers.engines.rag.bert_graph import IDS, MASK, _Bert, shape_of
    from workers.engines.rag.onnx_graph import FLOAT, INT64, GraphValue, OnnxGraph
    from workers.models.facts.safetensors_header import tensor_places

    weights = folder / "model.safetensors"
    graph = OnnxGraph(weights.name, tensor_places(weights))
    graph.named(IDS, "Identity", ["input_ids"])
    graph.named(MASK, "Identity", ["attention_mask"])
    shape = shape_of(json.loads((folder / "config.json").read_text()))
    first = graph.node(
        "Gather", _Bert(graph, shape, "bert.").last_layer(), graph.constant(0), axis=1
    )

    def linear(rows: str, name: str) -> list[str]:
        return [rows, graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")]

    pooled = graph.node("Gemm", *linear(first, "bert.pooler.dense"), transB=1)
    graph.named("logits", "Gemm", linear(graph.node("Tanh", pooled), "classifier"), transB=1)
    names = ("input_ids", "attention_mask")
    target.write_bytes(
        graph.serialised(
            [GraphValue(name, INT64, ("texts", "tokens")) for name in names],
            [GraphValue("logits", FLOAT, ("texts", 1))],
        )
    )
    return target
