"""Rerankers as GGUF (bge-reranker, jina-reranker, Qwen3-Reranker…) in llama.cpp's server, without torch.

llama.cpp joins query and text with the model's own special tokens and returns the logit of its head,
which is squashed to (0, 1). It knows one token type only: a BERT that was trained with two (ms-marco's
MiniLM) is for `crossencoder.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from configs.errors import ConfigError
from workers.engines.common.llamacpp.server import import_xllamacpp, open_server
from workers.messages.errors import GenerationError, LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.facts.gguf_header import read_gguf_header

from .engine import Reranker, RerankScores, sigmoid
from .llamacpp import POOLING_RANK

MAX_TOKENS = 1024
"""Of query and text together, where the model reads more: memory grows with it, and chunks are short."""
_CHARS_PER_TOKEN = 6
"""A first cut of what is surely too long; what still is, is halved until it fits."""
_MIN_CHARS = 16
_NUM_SEQUENCES = 4


class LlamaCppReranker(Reranker):
    """See `Reranker`."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        xllamacpp = import_xllamacpp("rag")
        card = settings.card
        path = folder / card.weight_file
        if not is_ranking_model(path):
            raise LoadError(
                f"{card.name} is no reranker: {path.name} has no head that ranks.",
                "Choose a GGUF of a reranker, such as bge-reranker-v2-m3.",
            )
        self._name = card.name
        self.context_length = min(card.context_length or MAX_TOKENS, MAX_TOKENS)
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.embedding = True
        params.pooling_type = POOLING_RANK
        params.n_parallel = _NUM_SEQUENCES
        params.n_ctx = params.n_batch = params.n_ubatch = _NUM_SEQUENCES * self.context_length
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
        params.n_gpu_layers = 0
        params.n_threads_http = 1
        params.verbosity = 0
        params.warmup = False
        self._server, self.device = self._open(xllamacpp, params, settings, report)

    def _open(
        self, xllamacpp: Any, params: Any, settings: WorkerSettings, report: ReportLoading
    ) -> tuple[Any, str]:
        """Return the server with the model in it, and the device that it is on."""
        return open_server(xllamacpp, params, settings.card.name, "rag"), "cpu"

    @property
    def batch_size(self) -> int:
        """As many as llama.cpp reads together."""
        return _NUM_SEQUENCES

    def judge(self, query: str, texts: Sequence[str]) -> RerankScores:
        """See `Reranker.judge`."""
        room = self.context_length * _CHARS_PER_TOKEN
        query, cut = query[:room], [text[:room] for text in texts]
        while True:
            reply = self._server.handle_rerank({"query": query, "documents": cut})
            if "results" in reply:
                break
            error = reply.get("error", {})
            longest = max(len(query), *map(len, cut))
            if not _is_too_long(error) or longest < _MIN_CHARS:
                message = error.get("message", "no reason given")
                raise GenerationError(f"{self._name} failed: {message}.")
            query, cut = query[: longest // 2], [text[: longest // 2] for text in cut]
        logits = {row["index"]: float(row["relevance_score"]) for row in reply["results"]}
        return RerankScores(
            scores=[sigmoid(logits[index]) for index in range(len(cut))],
            num_tokens=int(reply.get("usage", {}).get("total_tokens", 0)),
        )

    def close(self) -> None:
        """Stop the server."""
        self._server = None


def is_ranking_model(path: Any) -> bool:
    """Whether a GGUF file says of itself that it ranks. Raises: LoadError if it is none."""
    try:
        header = read_gguf_header(path)
    except (ConfigError, OSError) as err:
        raise LoadError(f"{path.name} could not be read: {err}") from err
    architecture = header.get("general.architecture", "")
    return header.get(f"{architecture}.pooling_type") == POOLING_RANK


def _is_too_long(error: dict[str, Any]) -> bool:
    message = str(error.get("message", ""))
    return "exceed" in str(error.get("type", "")) or "too large" in message or "exceed" in message
