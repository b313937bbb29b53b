"""Runs in the environment of `peers.py`: LlamaIndex and LangChain, each as their documentation begins.

Their vector stores and retrievers are theirs, with their defaults; only the vectors are ours.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CUT = 10


def main(given: str, answers: str) -> None:
    """Read the chunks, questions and vectors; write the texts that each pipeline ranks first."""
    data = json.loads(Path(given).read_text())
    known = dict(zip(data["texts"], data["vectors"], strict=True))
    known |= dict(zip(data["questions"], data["question_vectors"], strict=True))
    found = llama_index(data, known) | langchain(data, known)
    Path(answers).write_text(json.dumps(found))


def llama_index(data: dict[str, Any], known: dict[str, list[float]]) -> dict[str, list[list[str]]]:
    """Its VectorStoreIndex, and that fused with its BM25 by its QueryFusionRetriever."""
    from llama_index.core import VectorStoreIndex
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.llms import MockLLM
    from llama_index.core.retrievers import QueryFusionRetriever
    from llama_index.core.schema import TextNode
    from llama_index.retrievers.bm25 import BM25Retriever

    class VectorsForLlamaIndex(BaseEmbedding):  # type: ignore[misc]
        def _get_text_embedding(self, text: str) -> list[float]:
            return known[text]

        def _get_query_embedding(self, query: str) -> list[float]:
            return known[query]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return known[query]

    nodes = [TextNode(id_=str(at), text=text) for at, text in enumerate(data["texts"])]
    vectors = VectorStoreIndex(nodes, embed_model=VectorsForLlamaIndex()).as_retriever(
        similarity_top_k=CUT
    )
    words = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=CUT)
    fused = QueryFusionRetriever(
        [vectors, words],
        llm=MockLLM(),
        similarity_top_k=CUT,
        num_queries=1,
        mode="reciprocal_rerank",
        use_async=False,
    )
    rankings = {}
    for name, one in {"vectors": vectors, "BM25": words, "vectors + BM25": fused}.items():
        rankings[f"LlamaIndex, {name}"] = [
            [hit.node.text for hit in one.retrieve(question)] for question in data["questions"]
        ]
    return rankings


def langchain(data: dict[str, Any], known: dict[str, list[float]]) -> dict[str, list[list[str]]]:
    """Its InMemoryVectorStore, and that with its BM25 in its EnsembleRetriever."""
    from langchain_classic.retrievers import EnsembleRetriever
    from langchain_community.retrievers import BM25Retriever
    from langchain_core.embeddings import Embeddings
    from langchain_core.vectorstores import InMemoryVectorStore

    class VectorsForLangChain(Embeddings):  # type: ignore[misc]
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [known[text] for text in texts]

        def embed_query(self, text: str) -> list[float]:
            return known[text]

    store = InMemoryVectorStore.from_texts(data["texts"], VectorsForLangChain())
    vectors = store.as_retriever(search_kwargs={"k": CUT})
    words = BM25Retriever.from_texts(data["texts"])
    words.k = CUT
    fused = EnsembleRetriever(retrievers=[vectors, words])
    rankings = {}
    for name, one in {"vectors": vectors, "BM25": words, "vectors + BM25": fused}.items():
        rankings[f"LangChain, {name}"] = [
            [hit.page_content for hit in one.invoke(question)] for question in data["questions"]
        ]
    return rankings


if __name__ == "__main__":
    main(*sys.argv[1:])
