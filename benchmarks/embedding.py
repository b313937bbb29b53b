"""The embedder against llama.cpp and against bare ONNX Runtime, in turn, each in a process of its own."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from configs.catalogue import load_catalogue
from workers.messages.process_spec import WorkerSettings
from workers.models.weights import find_folder
from workers.pool.threads import usable_cores, wait_policy

from .harness import Measurement, in_own_process
from .material import long_text

RUNS = 3
MODEL = "all-minilm-l6-v2"
NUM_SENTENCES = 430
"""Some 48 passages of 175 tokens, as indexing cuts them."""


class Result(NamedTuple):
    """Of one run."""

    per_s: float
    """Passages per second…"""
    per_cpu_s: float
    """…and per second of all threads' computing."""
    vectors: bytes


def measure() -> list[Measurement]:
    """Return three ratios and the cosine between the engines."""
    import numpy as np

    results: dict[Callable[[str], Result], list[Result]] = {llamacpp: [], bare: [], ours: []}
    for run in range(RUNS):
        text = long_text(NUM_SENTENCES, run * NUM_SENTENCES)
        for side, found in results.items():
            found.append(in_own_process(side, text))
    mine, others = (
        np.frombuffer(b"".join(found.vectors for found in results[side]), dtype=np.float32)
        for side in (ours, llamacpp)
    )
    dim = 384
    cosines = (mine.reshape(-1, dim) * others.reshape(-1, dim)).sum(axis=1)
    speed = statistics.median(found.per_s for found in results[ours])
    return [
        _ratio("embedding, ours ÷ llama.cpp (GGUF)", results[ours], results[llamacpp], "≥ 3"),
        _ratio("embedding, ours ÷ bare ONNX Runtime", results[ours], results[bare], "≥ 0.97"),
        Measurement(what="embedding, passages per second", value=speed, unit="/s", runs=RUNS),
        Measurement(
            what="embedding, smallest cosine to llama.cpp's vectors",
            value=float(cosines.min()),
            unit="",
            bar="≥ 0.9999",
            runs=len(cosines),
        ),
    ]


def _ratio(what: str, ours_: list[Result], others: list[Result], bar: str) -> Measurement:
    pairs = list(zip(ours_, others, strict=True))
    wall = statistics.median(one.per_s / other.per_s for one, other in pairs)
    cpu = statistics.median(one.per_cpu_s / other.per_cpu_s for one, other in pairs)
    load = os.getloadavg()[0]
    note = f"per CPU second {cpu:.2f}; load {load:.1f}"
    return Measurement(what=what, value=wall, unit="ratio", bar=bar, runs=RUNS, note=note)


def ours(text: str) -> Result:
    """Measure the default engine."""
    from workers.engines.rag.onnx_embedder import OnnxEmbedder

    return _engine(OnnxEmbedder, text)


def llamacpp(text: str) -> Result:
    """Measure llama.cpp, on a GGUF made of the same weights."""
    from workers.engines.rag.llamacpp import LlamaCppEmbedder

    return _engine(LlamaCppEmbedder, text)


def _engine(kind: Callable[[], Any], text: str) -> Result:
    os.environ.update(wait_policy(usable_cores()))
    with tempfile.TemporaryDirectory() as folder:
        card = load_catalogue()[MODEL]
        settings = WorkerSettings(
            card=card, threads=usable_cores(), slots=1, data_dir=Path(folder), limits={}
        )
        embedder = kind()
        embedder.load(find_folder(card, settings.data_dir), settings, lambda loading: None)
        passages = _passages(text, embedder.count_tokens)
        embedder.embed(passages[:4])
        result = _timed(embedder.embed, passages, embedder.batch_size)
        embedder.close()
        return result


def bare(text: str) -> Result:
    """Measure ONNX Runtime with its own defaults, a passage at a time, which is its fastest here."""
    import numpy as np
    import onnxruntime
    from tokenizers import Tokenizer

    from workers.engines.rag.bert_graph import build, shape_of
    from workers.models.facts.safetensors_header import tensor_places

    folder = find_folder(load_catalogue()[MODEL], Path(tempfile.gettempdir()))
    weights = folder / "model.safetensors"
    shape = shape_of(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    options: Any = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(folder)
    )
    graph = build(shape, "mean", weights.name, tensor_places(weights))
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()

    def embed(texts: list[str]) -> Any:
        ids = np.array([tokenizer.encode(texts[0]).ids], dtype=np.int64)
        return session.run(None, {"ids": ids, "mask": np.ones_like(ids)})[0]

    passages = _passages(text, lambda piece: len(tokenizer.encode(piece).ids))
    embed(passages[:1])
    return _timed(embed, passages, 1)


def _passages(text: str, count_tokens: Callable[[str], int]) -> list[str]:
    from workers.engines.rag.chunking import slices
    from workers.engines.rag.documents.section import Section

    return [piece.text for piece in slices([Section(text=text, page=None)], count_tokens)]


def _timed(embed: Callable[[list[str]], Any], passages: list[str], batch_size: int) -> Result:
    import numpy as np

    began, began_cpu = time.perf_counter(), time.process_time()
    rows = [
        embed(passages[start : start + batch_size]) for start in range(0, len(passages), batch_size)
    ]
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    vectors = np.concatenate(rows).astype(np.float32).tobytes()
    return Result(len(passages) / seconds, len(passages) / cpu_s, vectors)
