"""The records of the engines for documents: see `workers.specs.spec`.

Each makes vectors, but `crossencoder`, which only orders what another has found.
"""

from __future__ import annotations

from dataclasses import replace

from workers.specs.shared import fake_spec, llamacpp_spec, remote_spec, torch_spec
from workers.specs.spec import EngineSpec

_TORCH = torch_spec("rag", "workers.engines.rag.hf:HfEmbedder")
_LLAMACPP = replace(
    llamacpp_spec("rag", "workers.engines.rag.llamacpp:LlamaCppEmbedder"),
    imports=("xllamacpp", "chromadb"),
    memory="workers.pool.memory.estimate_llamacpp:estimate_embedder",
    speed="workers.pool.speed.estimate_embedding_speed:estimate_llamacpp",
    reranker="workers.engines.rag.llamacpp_rerank:LlamaCppReranker",
)

SPECS = (
    EngineSpec(
        modality="rag",
        name="onnxruntime",
        target="workers.engines.rag.onnx_embedder:OnnxEmbedder",
        title="ONNX Runtime",
        distributions=("onnxruntime", "onnx"),
        imports=("onnxruntime", "onnx", "chromadb"),
        install="pip install onnxruntime onnx",
        memory="workers.pool.memory.estimate_onnx:estimate_embedder",
        speed="workers.pool.speed.estimate_embedding_speed:estimate_onnx",
        reranker="workers.engines.rag.onnx_reranker:OnnxReranker",
    ),
    _LLAMACPP,
    replace(
        _LLAMACPP,
        name="llama-server",
        target="workers.engines.rag.llama_server:LlamaServerEmbedder",
        title="llama-server",
        devices_probe="workers.models.llama_server.asking:model_devices",
        reranker="workers.engines.rag.llama_server:LlamaServerReranker",
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
        speed="",
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
