"""Whether a GGUF file makes vectors, ranks or writes, and how it wants to be asked: from its metadata.

Source: llama.cpp's src/llama-model.cpp (`create_memory`: who has no KV cache), include/llama.h
(`llama_pooling_type`); the prompts are those of the makers' model cards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .gguf_header import Value
from .gguf_values import number_of, text_of

POOLINGS = {1: "mean", 2: "cls", 3: "last", 4: "rank"}
"""`pooling_type` → how the vectors of tokens become one; "rank": a head gives a score instead."""
RANK = "rank"
ENCODERS = frozenset(
    "bert nomic-bert nomic-bert-moe neo-bert jina-bert-v2 jina-bert-v3 modern-bert eurobert "
    "gemma-embedding".split()
)
"""Architectures whose tokens all see each other: they make vectors only, and keep no KV cache."""
WORDPIECE = "bert"
"""`tokenizer.ggml.model` of a WordPiece vocabulary."""

_SEARCH = "Represent this sentence for searching relevant passages: "
_TASK = (
    "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
)
_PROMPTS = (
    (r"qwen3\W?embedding", _TASK, ""),
    (r"e5\W(small|base|large)\Winstruct|e5\Wmistral", f"{_TASK} ", ""),
    (r"embedding\W?gemma|gemma\Wembedding", "task: search result | query: ", "title: none | text: "),
    (r"nomic\Wembed\Wtext", "search_query: ", "search_document: "),
    (r"\be5\W(small|base|large)", "query: ", "passage: "),
    (r"arctic\Wembed\W[sml]\Wv2", "query: ", ""),
    (r"arctic\Wembed|mxbai\Wembed|bge\W(small|base|large)\Wen", _SEARCH, ""),
)  # fmt: skip
"""Name → what is read before a question, and before a passage; the first that fits counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderFacts:
    """One file."""

    architecture: str
    pooling: str
    """One of `POOLINGS`; "": the file does not say."""
    tokenizer: str

    @property
    def is_encoder(self) -> bool:
        """Whether it has no KV cache."""
        return self.architecture in ENCODERS

    @property
    def ranks(self) -> bool:
        """Whether it gives a score for a question and a text, and no vectors."""
        return self.pooling == RANK

    @property
    def is_embedder(self) -> bool:
        """Whether it was made for vectors."""
        return not self.ranks and (self.is_encoder or self.pooling != "")

    @property
    def usual_pooling(self) -> str:
        """The file's own; without one, what is usual for models of its kind."""
        return self.pooling or ("mean" if self.is_encoder else "last")


def embedder_facts(header: Mapping[str, Value]) -> EmbedderFacts:
    """Return what the metadata says. Raises: ConfigError if a value makes no sense."""
    architecture = text_of(header, "general.architecture")
    return EmbedderFacts(
        architecture=architecture,
        pooling=POOLINGS.get(number_of(header, f"{architecture}.pooling_type"), ""),
        tokenizer=text_of(header, "tokenizer.ggml.model"),
    )


def known_prompts(*names: str) -> dict[str, str]:
    """Return the options `query_prompt` and `passage_prompt` of a model that has some of these names."""
    text = " ".join(names).lower().replace("_", "-")
    for pattern, query, passage in _PROMPTS:
        if re.search(pattern, text):
            prompts = {"query_prompt": query, "passage_prompt": passage}
            return {option: prompt for option, prompt in prompts.items() if prompt}
    return {}
