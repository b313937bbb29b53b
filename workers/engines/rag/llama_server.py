"""Embedders and rerankers in GGUF on any `llama-server` of this machine; all else is `llamacpp.py`."""

from __future__ import annotations

from workers.engines.common.llamaserver.engine import OnLlamaServer

from .llamacpp import LlamaCppEmbedder
from .llamacpp_rerank import LlamaCppReranker


class LlamaServerEmbedder(OnLlamaServer, LlamaCppEmbedder):
    """Sentence vectors."""


class LlamaServerReranker(OnLlamaServer, LlamaCppReranker):
    """Scores of passages."""
