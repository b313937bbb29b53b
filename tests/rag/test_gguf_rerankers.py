"""Rerankers in GGUF of other kinds than BERT with WordPiece: compared with numpy, and with llama.cpp asked bare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from configs.catalogue import ModelCard
from tests.rag import tiny_gguf
from tests.rag.plain_qwen3 import last_hidden
from tests.rag.test_gguf_architectures import loaded
from workers.engines.rag.engine import sigmoid
from workers.engines.rag.llamacpp_rerank import LlamaCppReranker
from workers.messages.process_spec import WorkerSettings

QUERY = "the boat"
TEXTS = ("the boat leaves at nine", "bread and the old castle", "a garden")


def reranker_of(card: ModelCard, folder: Path) -> Any:
    reranker = LlamaCppReranker()
    settings = WorkerSettings(card=card, threads=1, slots=1, data_dir=folder, limits={})
    reranker.load(Path(card.source.removeprefix("path:")), settings, lambda loading: None)
    return reranker


def test_qwen3s_answer_is_the_share_of_yes(tmp_path: Path) -> None:
    card = tiny_gguf.card_of(tiny_gguf.qwen3_reranker(tmp_path / "ranks.gguf"))
    reranker = reranker_of(card, tmp_path)
    words = loaded(tiny_gguf.card_of(tiny_gguf.qwen3(tmp_path / "words.gguf")), tmp_path)
    tensors = tiny_gguf.qwen3_reranker_tensors()
    scores = reranker.judge(QUERY, TEXTS).scores
    for text, score in zip(TEXTS, scores, strict=True):
        prompt = tiny_gguf.RANK_TEMPLATE.format(query=QUERY, document=text)
        ids = words._tokens.of(prompt)[:-1]  # a reranker's prompt is not closed
        logits = tensors["cls.output.weight"] @ last_hidden(tensors, ids)[-1]
        shares = np.exp(logits - logits.max())
        assert score == pytest.approx(float(shares[0] / shares.sum()), abs=2e-3)
    assert len(set(scores)) == len(TEXTS)
    reranker.close()
    words.close()


def test_bge_m3s_head_gives_a_logit_that_is_squashed(tmp_path: Path) -> None:
    card = tiny_gguf.card_of(tiny_gguf.bge_reranker(tmp_path / "bge.gguf"))
    reranker = reranker_of(card, tmp_path)
    bare = reranker._server.handle_rerank({"query": QUERY, "documents": list(TEXTS)})["results"]
    wanted = {row["index"]: sigmoid(row["relevance_score"]) for row in bare}
    scores = reranker.judge(QUERY, TEXTS).scores
    assert scores == pytest.approx([wanted[index] for index in range(len(TEXTS))], abs=1e-4)
    long, longer = reranker.judge(QUERY, ["the boat " * 700, "the boat " * 3000]).scores
    assert 0.0 <= long <= 1.0
    assert 0.0 <= longer <= 1.0
    reranker.close()
