"""The default embedder: MiniLM, or any BERT with a WordPiece tokenizer, in ONNX Runtime in float32.

Reads the published safetensors as they are: the graph around them is made when the model is loaded.
Three to four times as fast as llama.cpp with the same vectors (docs/adr/0026). A model that was published
as ONNX is run as it is (`onnx_file.py`). Option of a card: `pooling`, mean or cls.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configs.errors import ConfigError
from workers.engines.common.onnx_session import CancellableSession, session_options
from workers.engines.contract import CancelToken
from workers.messages.errors import GenerationError, LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.facts.safetensors_header import tensor_places
from workers.models.weights import weights_id
from workers.specs.spec import missing_library

from .batches import groups_of_like_length
from .bert_graph import IDS, MASK, POOLINGS, VECTORS, build, shape_of
from .engine import Embedder, EmbeddingPrompts, StoppedError, prompts_of, readable, space_id
from .onnx_file import PooledFile, open_file
from .stopping import ThreadCancel

if TYPE_CHECKING:
    from .engine import FloatArray

TOKENS_PER_RUN = 512
"""Of all texts that are computed together, padding included: two passages, or many short texts. More
is no faster, since what is worked on no longer fits in a core's cache (measured)."""
BATCH_SIZE = 16
"""Texts that are sorted by length together; half a second of work."""


class OnnxEmbedder(Embedder):
    """Sentence vectors by ONNX Runtime, on the CPU."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        try:
            import onnx  # noqa: F401  # what is missing is said here, and not in the middle
            import onnxruntime
            import tokenizers
        except ImportError as err:
            raise missing_library("rag", "onnxruntime", err) from err
        card = settings.card
        self._card, self._prompts = card, prompts_of(card)
        self._weights_id = weights_id(card, folder)
        self._cancel = ThreadCancel()
        self._run_options = onnxruntime.RunOptions
        try:
            self._session = self._open(onnxruntime, folder, settings)
            self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._tokenizer.no_padding()
            self._tokenizer.no_truncation()  # MiniLM's file says 128; it was trained on 256
            self._dim = self.embed(["warm up"]).shape[1]
        except (ConfigError, GenerationError) as err:
            raise LoadError(f"{card.name} could not be loaded: {err}") from err
        except Exception as err:
            raise LoadError(
                f"{card.name} could not be loaded: {type(err).__name__}: {err}"
            ) from err

    def _open(self, onnxruntime: Any, folder: Path, settings: WorkerSettings) -> Any:
        """Return the session. Raises: ValueError, KeyError, ConfigError, ONNX Runtime's own."""
        card = settings.card
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        pooling = card.options.get("pooling", POOLINGS[0])
        if pooling not in POOLINGS:
            raise ValueError(f"its option pooling is {pooling!r}; known are {', '.join(POOLINGS)}")
        if card.weight_file.endswith(".onnx"):
            self.context_length = card.context_length or config["max_position_embeddings"]
            path = folder / card.weight_file
            return PooledFile(open_file(onnxruntime, path, settings.threads), pooling)
        shape = shape_of(config)
        self.context_length = min(card.context_length or shape.max_tokens, shape.max_tokens)
        self._dim = shape.hidden_size
        # A hub's folder has links into another one, where ONNX Runtime would not follow.
        weights = (folder / card.weight_file).resolve()
        graph = build(shape, pooling, weights.name, tensor_places(weights))
        options = session_options(onnxruntime, settings.threads)
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", str(weights.parent)
        )
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    @property
    def model_id(self) -> str:
        """As llama.cpp's embedder of the same card: the vectors are the same."""
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
        """See `BATCH_SIZE`; Stop is heard in the middle of it."""
        return BATCH_SIZE

    def count_tokens(self, text: str) -> int:
        """Tokens of the whole text, special tokens included."""
        return len(self._tokenizer.encode(text).ids)

    def embed(self, texts: Sequence[str], prompt: str = "") -> FloatArray:
        """Return one row of length 1 per text. Raises: GenerationError, StoppedError."""
        import numpy as np

        rows: dict[int, FloatArray] = {}
        ids = [self._ids(prompt + text) for text in texts]
        for group in groups_of_like_length([len(tokens) for tokens in ids], TOKENS_PER_RUN):
            vectors = self._vectors([ids[number] for number in group])
            rows |= dict(zip(group, vectors, strict=True))
        if not rows:
            return np.zeros((0, self._dim), dtype=np.float32)
        return np.stack([rows[number] for number in range(len(texts))])

    def stopped_by(self, cancel: CancelToken) -> AbstractContextManager[None]:
        """See `Embedder.stopped_by`."""
        return self._cancel.set_to(cancel)

    def close(self) -> None:
        """Free the model."""
        self._session = None

    def _ids(self, text: str) -> list[int]:
        """Token ids, cut to `context_length` with the closing special token kept."""
        ids: list[int] = self._tokenizer.encode(readable(text, self.context_length)).ids
        return (
            ids if len(ids) <= self.context_length else [*ids[: self.context_length - 1], ids[-1]]
        )

    def _vectors(self, ids: list[list[int]]) -> FloatArray:
        """Compute texts together, the shorter ones padded."""
        import numpy as np

        shape = (len(ids), max(map(len, ids)))
        tokens, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for number, text in enumerate(ids):
            tokens[number, : len(text)] = text
            mask[number, : len(text)] = 1
        cancel = self._cancel.token
        session = CancellableSession(self._session, self._run_options(), cancel)
        try:
            vectors: FloatArray = session.run([VECTORS], {IDS: tokens, MASK: mask})[0]
        except Exception as err:
            if cancel.is_cancelled:
                raise StoppedError("Stopped.") from err
            raise GenerationError(f"The embedding model failed: {err}") from err
        return vectors
