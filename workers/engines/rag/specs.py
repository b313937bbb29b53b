"""The records of the engines for documents: see `workers.specs.spec`.

Each makes vectors, but `crossencoder`, which only orders what another has found.
"""

from __future__ import annotations

from dataclasses import replace

from workers.specs.shared import fake_spec, llamacpp_spec, remote_spec, torch_spec

_TORCH = torch_spec("rag", "workers.engines.rag.hf:HfEmbedder")

SPECS = (
    replace(
        llamacpp_spec("rag", "workers.engines.rag.llamacpp:LlamaCppEmbedder"),
        imports=("xllamacpp", "chromadb"),
        devices=("cpu",),
        cuda_probe="",
        splits_layers=False,
        memory="workers.pool.memory.estimate_llamacpp:estimate_embedder",
        reranker="workers.engines.rag.llamacpp_rerank:LlamaCppReranker",
    ),
    replace(
        _TORCH,
        name="sentencetransformers",
        title="Sentence Transformers",
        distributions=("sentence-transformers", "torch", "transformers"),
        imports=("sentence_transformers", "torch", "transformers", "chromadb"),
        runtime_mib=500,
    ),
    replace(
        _TORCH,
        name="crossencoder",
        target="",
        title="reranker, PyTorch",
        distributions=("sentence-transformers", "torch", "transformers"),
        imports=("sentence_transformers", "torch", "transformers"),
        devices=("cpu",),
        runtime_mib=300,
        reranker="workers.engines.rag.crossencoder:CrossEncoderReranker",
    ),
    remote_spec("rag", "workers.engines.rag.remote:RemoteEmbedder"),
    replace(
        fake_spec("rag", "workers.engines.rag.fake:FakeEmbedder"),
        reranker="workers.engines.rag.fake:FakeReranker",
    ),
)
