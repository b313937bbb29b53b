"""Cross-encoders as ONNX (ms-marco-MiniLM, bge-reranker…) in ONNX Runtime, without torch.

The graph is the one that the makers publish (`onnx/model….onnx`), whole or in 8 bits; query and text become
one row of tokens by their `tokenizer.json`. The score is the logit squashed to (0, 1); of two classes, the
share of the second. Options of a card: `context_tokens`, how many of query and text together count.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.common.onnx_session import CancellableSession, session_options
from workers.engines.contract import CancelToken
from workers.messages.errors import GenerationError, LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.tuning.embedding_sizes import RERANKER_TOKENS, text_tokens
from workers.specs.spec import missing_library

from .batches import groups_of_like_length
from .engine import Reranker, RerankScores, StoppedError, readable, sigmoid
from .stopping import ThreadCancel

if TYPE_CHECKING:
    from tokenizers import Encoding

    from .engine import FloatArray

TOKENS_PER_RUN = 1024
"""Of all pairs that are computed together, padding included."""
BATCH_SIZE = 16
"""Pairs that are sorted by length together."""
TOKENIZER = "tokenizer.json"
_NUM_AXES = 2
_NUM_CLASSES = (1, 2)
_INPUTS = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
"""Of the graph → of the tokenizer. A graph has the first two, and the third if its model has types."""


class OnnxReranker(Reranker):
    """See `Reranker`; on the CPU."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        try:
            import onnxruntime
            import tokenizers
        except ImportError as err:
            raise missing_library("rag", "onnxruntime", err) from err
        card = settings.card
        self._name = card.name
        self._cancel = ThreadCancel()
        self._run_options = onnxruntime.RunOptions
        self.context_length = text_tokens(card, 0, is_encoder=True, usual=RERANKER_TOKENS)
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / card.weight_file),
                session_options(onnxruntime, settings.threads),
                providers=["CPUExecutionProvider"],
            )
            self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / TOKENIZER))
        except Exception as err:
            raise LoadError(f"{card.name} could not be loaded: {err}") from err
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.context_length, strategy="longest_first")
        self._inputs = self._known_inputs()
        self.judge("warm", ["up"])

    def _known_inputs(self) -> list[str]:
        """Return the graph's inputs. Raises: LoadError if it wants what a cross-encoder has not."""
        names = [value.name for value in self._session.get_inputs()]
        strange = [name for name in names if name not in _INPUTS]
        if strange or "input_ids" not in names:
            raise LoadError(
                f"{self._name} is no cross-encoder: its graph wants {', '.join(names)}.",
                "Choose a reranker as ONNX, such as ms-marco-MiniLM-L6-v2.",
            )
        return names

    @property
    def batch_size(self) -> int:
        """See `BATCH_SIZE`; Stop is heard in the middle of it."""
        return BATCH_SIZE

    def judge(self, query: str, texts: Sequence[str]) -> RerankScores:
        """See `Reranker.judge`."""
        start = readable(query, self.context_length)
        pairs = [(start, readable(text, self.context_length)) for text in texts]
        encoded = self._tokenizer.encode_batch(pairs)
        scores = [0.0] * len(pairs)
        lengths = [len(pair.ids) for pair in encoded]
        for group in groups_of_like_length(lengths, TOKENS_PER_RUN):
            logits = self._logits([encoded[number] for number in group])
            for number, row in zip(group, logits, strict=True):
                scores[number] = sigmoid(float(row[0] if len(row) == 1 else row[1] - row[0]))
        return RerankScores(scores=scores, num_tokens=sum(lengths))

    def stopped_by(self, cancel: CancelToken) -> AbstractContextManager[None]:
        """See `Reranker.stopped_by`."""
        return self._cancel.set_to(cancel)

    def close(self) -> None:
        """Free the model."""
        self._session = None

    def _logits(self, pairs: Sequence[Encoding]) -> FloatArray:
        """Compute pairs together, the shorter ones padded: shape (pairs, classes).

        Raises: GenerationError, StoppedError; LoadError if the graph gives something else.
        """
        cancel = self._cancel.token
        session = CancellableSession(self._session, self._run_options(), cancel)
        try:
            logits: FloatArray = session.run(None, self._feeds(pairs))[0]
        except Exception as err:
            if cancel.is_cancelled:
                raise StoppedError("Stopped.") from err
            raise GenerationError(f"{self._name} failed: {err}") from err
        if logits.ndim != _NUM_AXES or logits.shape[1] not in _NUM_CLASSES:
            raise LoadError(
                f"{self._name} gives numbers of the shape {logits.shape}; a reranker gives one score.",
                "Choose a reranker as ONNX, such as ms-marco-MiniLM-L6-v2.",
            )
        return logits

    def _feeds(self, pairs: Sequence[Encoding]) -> dict[str, Any]:
        import numpy as np

        pad = self._tokenizer.token_to_id("[PAD]") or self._tokenizer.token_to_id("<pad>") or 0
        width = max(len(pair.ids) for pair in pairs)
        feeds: dict[str, Any] = {}
        for name in self._inputs:
            rows = np.full((len(pairs), width), pad if name == "input_ids" else 0, dtype=np.int64)
            for number, pair in enumerate(pairs):
                rows[number, : len(pair.ids)] = getattr(pair, _INPUTS[name])
            feeds[name] = rows
        return feeds
