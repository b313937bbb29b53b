"""Embedding models through sentence-transformers: any safetensors folder, on a CPU or with CUDA.

A folder with `modules.json` says itself how its vectors are made (mean, CLS, a dense layer); a plain
BERT, MPNet or E5 gets the mean of its tokens. Options of a card: `dtype` of `workers.engines.common.torch.loading`;
`query_prompt` and `passage_prompt`, which some models want to read before a text ("query: "); left
out, the prompts that the folder itself names.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.common.torch.loading import (
    device_of,
    dtype_of,
    free_cache,
    import_torch,
    loading_errors,
    memory_errors,
)
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.weights import weights_id
from workers.specs.spec import missing_library

from .engine import Embedder, EmbeddingPrompts, prompts_of, readable, space_id

if TYPE_CHECKING:
    from .engine import FloatArray

CPU_BATCH, GPU_BATCH = 2, 32
"""Texts between two looks at the cancel flag; a CPU is not faster with more."""
_PASSAGE_NAMES = ("passage", "document")
"""What folders call the prompt before a passage."""


def import_sentence_transformers() -> Any:
    """Return the package. Raises: EngineNotInstalledError."""
    try:
        return import_module("sentence_transformers")
    except ImportError as err:
        raise missing_library("rag", "sentencetransformers", err) from err


class HfEmbedder(Embedder):
    """See `Embedder`."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        card = settings.card
        import_torch(settings.threads)
        library = import_sentence_transformers()
        self.device = device_of(settings)
        self._name = card.name
        self._model = self._load(library, folder, settings)
        self._prompts = _prompts(settings, self._model)
        self._model_id = space_id(card, weights_id(card, folder), self._prompts)
        read = self._model.max_seq_length or card.context_length or 512
        # The card's, or the model's own limit if that is less.
        self.context_length = min(int(read), card.context_length or int(read))
        self._model.max_seq_length = self.context_length
        self._dim = self.embed(["warm up"]).shape[1]

    def _load(self, library: Any, folder: Path, settings: WorkerSettings) -> Any:
        with loading_errors(self._name), memory_errors(self._name, self.device):
            return library.SentenceTransformer(
                str(folder),
                device=self.device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={
                    "dtype": dtype_of(settings, folder, self.device),
                    "use_safetensors": True,
                },
            )

    @property
    def model_id(self) -> str:
        """The card's id, the start of the weights' checksum, and the prompt if there is one."""
        return self._model_id

    @property
    def prompts(self) -> EmbeddingPrompts:
        """The card's, else those of the model's folder."""
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
        return len(self._model.tokenizer(text, truncation=False, verbose=False)["input_ids"])

    def embed(self, texts: Sequence[str], prompt: str = "") -> FloatArray:
        """Return one row of length 1 per text."""
        import numpy as np

        if not texts:
            return np.zeros((0, self._dim), dtype=np.float32)
        with memory_errors(self._name, self.device):
            rows = self._model.encode(
                [readable(text, self.context_length) for text in texts],
                prompt=prompt or "",
                batch_size=self.batch_size,
                show_progress_bar=False,
                normalize_embeddings=True,
            )
        unit: FloatArray = np.asarray(rows, dtype=np.float32)
        return unit

    def close(self) -> None:
        """Free the model."""
        self._model = None
        free_cache(self.device)


def _prompts(settings: WorkerSettings, model: Any) -> EmbeddingPrompts:
    """The card's word counts for each of the two; else the folder's `config_sentence_transformers.json`."""
    own, given = dict(model.prompts or {}), settings.card.options
    chosen = prompts_of(settings.card)
    passage = next((own[name] for name in _PASSAGE_NAMES if own.get(name)), "")
    return EmbeddingPrompts(
        query=chosen.query if "query_prompt" in given else own.get("query") or "",
        passage=chosen.passage if "passage_prompt" in given else passage,
    )
