"""Rerankers as GGUF (bge-reranker, jina-reranker, Qwen3-Reranker…) in llama.cpp's server, without torch.

llama.cpp joins query and text with the model's own special tokens, or by the template in the file, and
returns the logit of its head, which is squashed to (0, 1); of Qwen3's two answers it returns the share of
"yes", which is left as it is. It knows one token type only: a BERT that was trained with two (ms-marco's
MiniLM) is for `onnx_reranker.py`. Options of a card: those of `llamacpp.py`, but the prompts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workers.engines.common.llamacpp.server import device_of, import_xllamacpp, open_server
from workers.messages.errors import GenerationError, LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.facts.gguf_embedder import RANK
from workers.models.tuning.embedding_sizes import RERANKER_TOKENS, text_tokens

from .engine import Reranker, RerankScores, sigmoid
from .llamacpp_loading import POOLING_TYPES, embedding_params, read_facts

_CHARS_PER_TOKEN = 6
"""A first cut of what is surely too long; what still is, is halved until it fits."""
_MIN_CHARS = 16
_BATCH_SIZE = 4
_GIVE_SHARES = ("qwen3", "qwen3vl")
"""Architectures of which llama.cpp returns a share of 1 instead of a logit (`build_pooling`)."""


class LlamaCppReranker(Reranker):
    """See `Reranker`."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        xllamacpp = import_xllamacpp("rag")
        card = settings.card
        path = folder / card.weight_file
        facts, made_for = read_facts(path)
        if not facts.ranks:
            raise LoadError(
                f"{card.name} is no reranker: {path.name} has no head that ranks.",
                "Choose a GGUF of a reranker, such as bge-reranker-v2-m3.",
            )
        self._name = card.name
        self._gives_shares = facts.architecture in _GIVE_SHARES
        self.context_length = text_tokens(
            card, made_for, is_encoder=facts.is_encoder, usual=RERANKER_TOKENS
        )
        params = embedding_params(xllamacpp, path, facts, settings, self.context_length)
        params.pooling_type = POOLING_TYPES[RANK]
        self._server, self.device = self._open(xllamacpp, params, settings, report)

    def _open(
        self, xllamacpp: Any, params: Any, settings: WorkerSettings, report: ReportLoading
    ) -> tuple[Any, str]:
        """Return the server with the model in it, and the device that it is on."""
        server = open_server(xllamacpp, params, settings.card.name, "rag")
        return server, device_of(settings.device, params, xllamacpp)

    @property
    def batch_size(self) -> int:
        """As many as llama.cpp reads together, where it reads several."""
        return _BATCH_SIZE

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
        found = {row["index"]: float(row["relevance_score"]) for row in reply["results"]}
        scores = [found[index] for index in range(len(cut))]
        return RerankScores(
            scores=scores if self._gives_shares else list(map(sigmoid, scores)),
            num_tokens=int(reply.get("usage", {}).get("total_tokens", 0)),
        )

    def close(self) -> None:
        """Stop the server."""
        self._server = None


def _is_too_long(error: dict[str, Any]) -> bool:
    message = str(error.get("message", ""))
    return "exceed" in str(error.get("type", "")) or "too large" in message or "exceed" in message
