"""Any GGUF with a WordPiece vocabulary, or the safetensors of a BERT made one, in llama.cpp's server.

Only this file knows xllamacpp. Texts become token ids with the model's own tokenizer, so llama.cpp
never sees a text, and a text is cut exactly where the reference implementation cuts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configs.catalogue import ModelCard
from workers.engines.common.llamacpp.server import open_server
from workers.messages import Loading
from workers.messages.errors import GenerationError, LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.facts.gguf_header import read_gguf_header
from workers.models.weights import weights_id
from workers.specs.spec import missing_library

from .disk import disk_errors
from .engine import Embedder, EmbeddingPrompts, prompts_of, readable, space_id
from .minilm import converted_path
from .wordpiece import tokenizer_of

if TYPE_CHECKING:
    from .engine import FloatArray

_POOLINGS = {"mean": 1, "cls": 2}
_POOLING_OF_THE_FILE = -1
POOLING_RANK = 4
"""What the header of a reranker says."""
_NUM_SEQUENCES = 4
"""Texts that llama.cpp reads together; more gives no speed on a CPU (measured: 1 to 32 alike)."""


class LlamaCppEmbedder(Embedder):
    """Sentence vectors by llama.cpp, on the CPU."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        try:
            import tokenizers
            import xllamacpp
        except ImportError as err:
            raise missing_library("rag", "llamacpp", err) from err
        card = settings.card
        self._card, self.context_length = card, card.context_length
        self._prompts = prompts_of(card)
        self._weights_id = weights_id(card, folder)
        if card.weight_file.endswith(".gguf"):
            model_path = folder / card.weight_file
            _refuse_reranker(card, model_path)
            self._tokenizer = tokenizer_of(model_path)
        else:
            model_path = self._convert(settings, folder, report)
            self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._tokenizer.no_padding()
            self._tokenizer.no_truncation()  # the file says 128; the model was trained on 256
        params = self._params(xllamacpp, model_path, settings.threads)
        self._server, self.device = self._open(xllamacpp, params, settings, report)
        self._dim = self.embed(["warm up"]).shape[1]

    def _open(
        self, xllamacpp: Any, params: Any, settings: WorkerSettings, report: ReportLoading
    ) -> tuple[Any, str]:
        """Return the server with the model in it, and the device that it is on."""
        return open_server(xllamacpp, params, settings.card.name, "rag"), "cpu"

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

    def _params(self, xllamacpp: Any, model_path: Path, threads: int) -> Any:
        params = xllamacpp.CommonParams()
        params.model.path = str(model_path)
        params.embedding = True
        params.pooling_type = _pooling(self._card)
        params.n_parallel = _NUM_SEQUENCES
        params.n_ctx = params.n_batch = params.n_ubatch = _NUM_SEQUENCES * self.context_length
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.n_gpu_layers = 0
        params.n_threads_http = 1
        params.verbosity = 0
        params.warmup = False
        return params

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
        """384 for MiniLM."""
        return int(self._dim)

    @property
    def batch_size(self) -> int:
        """Chunks between two looks at the cancel flag; larger ones are not faster (measured)."""
        return 2

    def count_tokens(self, text: str) -> int:
        """Tokens of the whole text, special tokens included."""
        return len(self._tokenizer.encode(text).ids)

    def embed(self, texts: Sequence[str], prompt: str = "") -> FloatArray:
        """Return one row of length 1 per text."""
        import numpy as np

        if not texts:
            return np.zeros((0, self._dim), dtype=np.float32)
        reply = self._server.handle_embeddings(
            {"input": [self._ids(prompt + text) for text in texts]}
        )
        if "data" not in reply:
            message = reply.get("error", {}).get("message", "no reason given")
            raise GenerationError(f"The embedding model failed: {message}.")
        rows = sorted(reply["data"], key=lambda row: row["index"])
        vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: FloatArray = vectors / np.maximum(lengths, 1e-12)
        return unit

    def _ids(self, text: str) -> list[int]:
        """Token ids, cut to `context_length` with the closing special token kept."""
        ids: list[int] = self._tokenizer.encode(readable(text, self.context_length)).ids
        return (
            ids if len(ids) <= self.context_length else [*ids[: self.context_length - 1], ids[-1]]
        )

    def close(self) -> None:
        """Stop the server."""
        self._server = None


def _refuse_reranker(card: ModelCard, path: Path) -> None:
    header = read_gguf_header(path)
    kind = header.get("general.architecture", "")
    if header.get(f"{kind}.pooling_type") == POOLING_RANK:
        raise LoadError(
            f"{card.name} orders passages, but cannot find them: it makes no vectors.",
            f"Set workers.rag.reranker to {card.id}, and workers.rag.model to an embedding model.",
        )


def _pooling(card: ModelCard) -> int:
    """How the vectors of tokens become one: the card's wish, else a GGUF's own, else their mean."""
    is_gguf = card.weight_file.endswith(".gguf")
    wanted = card.options.get("pooling")
    if wanted is None:
        return _POOLING_OF_THE_FILE if is_gguf else _POOLINGS["mean"]
    return _POOLINGS[wanted]
