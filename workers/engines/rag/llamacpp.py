"""Any embedder in GGUF, or the safetensors of a BERT made one, in llama.cpp's server.

Texts become token ids with the model's own tokenizer and are cut there, so llama.cpp never has more to
read than it was loaded for. Options of a card: `pooling` (mean, cls, last) in place of the file's own;
`query_prompt` and `passage_prompt`, read before a text; `context_tokens`, how much of a text counts;
`gpu_layers` and what else `workers.engines.common.llamacpp.options` knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configs.catalogue import ModelCard
from workers.engines.common.llamacpp.server import device_of, open_server
from workers.messages import Loading
from workers.messages.errors import GenerationError, LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.facts.gguf_embedder import RANK, WORDPIECE, EmbedderFacts
from workers.models.tuning.embedding_sizes import text_tokens
from workers.models.weights import weights_id
from workers.specs.spec import missing_library

from .disk import disk_errors
from .engine import Embedder, EmbeddingPrompts, prompts_of, space_id
from .llamacpp_loading import (
    POOLING_TYPES,
    ListeningServer,
    embedding_params,
    read_facts,
)
from .minilm import converted_path
from .token_ids import ServerIds, TokenIds, TokenizerIds, count, cut_ids
from .wordpiece import tokenizer_of

if TYPE_CHECKING:
    from .engine import FloatArray

CPU_BATCH, GPU_BATCH = 2, 16
"""Texts between two looks at the cancel flag; a CPU is not faster with more (measured)."""


class LlamaCppEmbedder(Embedder):
    """Sentence vectors by llama.cpp."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        try:
            import tokenizers
            import xllamacpp
        except ImportError as err:
            raise missing_library("rag", "llamacpp", err) from err
        card = settings.card
        self._card, self._prompts = card, prompts_of(card)
        self._weights_id = weights_id(card, folder)
        is_gguf = card.weight_file.endswith(".gguf")
        path = folder / card.weight_file if is_gguf else self._convert(settings, folder, report)
        facts, made_for = read_facts(path)
        _refuse_reranker(card, facts)
        self._in_python = not is_gguf or facts.tokenizer == WORDPIECE
        self.context_length = text_tokens(card, made_for, is_encoder=facts.is_encoder)
        params = embedding_params(xllamacpp, path, facts, settings, self.context_length)
        if (pooling := _pooling(card, facts)) != facts.pooling:
            params.pooling_type = POOLING_TYPES[pooling]
        self._server, self.device = self._open(xllamacpp, params, settings, report)
        if not self._in_python:
            self._tokens: TokenIds = ServerIds(self._server.handle_tokenize)
        elif is_gguf:
            self._tokens = TokenizerIds(tokenizer_of(path))
        else:
            tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            tokenizer.no_padding()
            tokenizer.no_truncation()  # the file says 128; the model was trained on 256
            self._tokens = TokenizerIds(tokenizer)
        self._dim = self.embed(["warm up"]).shape[1]

    def _open(
        self, xllamacpp: Any, params: Any, settings: WorkerSettings, report: ReportLoading
    ) -> tuple[Any, str]:
        """Return the server with the model in it, and the device that it is on."""
        if self._in_python:
            server = open_server(xllamacpp, params, settings.card.name, "rag")
        else:
            server = ListeningServer(xllamacpp, params, settings.card.name)
        return server, device_of(settings.device, params, xllamacpp)

    def _convert(self, settings: WorkerSettings, folder: Path, report: ReportLoading) -> Path:
        report(Loading(what="preparing the embedding model (once)"))
        try:
            with disk_errors(settings.data_dir):
                return converted_path(folder, self._weights_id, settings.data_dir)
        except (KeyError, ValueError, OSError) as err:
            raise LoadError(
                f"{settings.card.name} could not be converted: {err}.",
                hint=f"Check the free space of {settings.data_dir}.",
            ) from err

    @property
    def model_id(self) -> str:
        """The card's id and the start of the weights' checksum."""
        return space_id(self._card, self._weights_id, self._prompts)

    @property
    def prompts(self) -> EmbeddingPrompts:
        """The card's."""
        return self._prompts

    @property
    def dim(self) -> int:
        """As the first vector had it."""
        return int(self._dim)

    @property
    def batch_size(self) -> int:
        """Few on a CPU, so that Stop is heard; more on a GPU."""
        return CPU_BATCH if self.device == "cpu" else GPU_BATCH

    def count_tokens(self, text: str) -> int:
        """Tokens of the whole text, special tokens included."""
        return count(self._tokens, text)

    def embed(self, texts: Sequence[str], prompt: str = "") -> FloatArray:
        """Return one row of length 1 per text."""
        import numpy as np

        if not texts:
            return np.zeros((0, self._dim), dtype=np.float32)
        most = self.context_length
        ids = [cut_ids(self._tokens, prompt + text, most) for text in texts]
        reply = self._server.handle_embeddings({"input": ids})
        if "data" not in reply:
            message = reply.get("error", {}).get("message", "no reason given")
            raise GenerationError(f"The embedding model failed: {message}.")
        rows = sorted(reply["data"], key=lambda row: row["index"])
        vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: FloatArray = vectors / np.maximum(lengths, 1e-12)
        return unit

    def close(self) -> None:
        """Stop the server."""
        if isinstance(self._server, ListeningServer):
            self._server.close()
        self._server = None


def _refuse_reranker(card: ModelCard, facts: EmbedderFacts) -> None:
    if facts.ranks:
        raise LoadError(
            f"{card.name} orders passages, but cannot find them: it makes no vectors.",
            f"Set workers.rag.reranker to {card.id}, and workers.rag.model to an embedding model.",
        )


def _pooling(card: ModelCard, facts: EmbedderFacts) -> str:
    """How the vectors of tokens become one: the card's wish, else what the file says. Raises: LoadError."""
    pooling = str(card.options.get("pooling") or facts.usual_pooling)
    known = [name for name in POOLING_TYPES if name != RANK]
    if pooling not in known:
        raise LoadError(
            f"{card.name}: the option pooling is {pooling!r}; known are {', '.join(known)}.",
            f"Mend the card {card.id}.",
        )
    return pooling
