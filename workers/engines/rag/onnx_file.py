"""An embedder that was published as ONNX: given what its graph asks for.

Exports of one model differ in their inputs (token types or none, other names of nothing else) and
outputs, so both are read from the file itself. Knows no tokenizer and no card.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.common.onnx_session import session_options

from .bert_graph import IDS, MASK, POOLINGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .engine import FloatArray

TYPES = "types"
"""Of tokens, 0 throughout: (texts, tokens)."""
_INPUTS = {"input_ids": IDS, "attention_mask": MASK, "token_type_ids": TYPES}
"""Of an export → ours."""
_TOKENS_RANK = 3
"""(texts, tokens, hidden size)"""


def open_file(onnxruntime: Any, path: Path, threads: int) -> Any:
    """Return a session. Raises: ValueError naming an input that is not known; ONNX Runtime's own."""
    session = onnxruntime.InferenceSession(
        str(path.resolve()),  # a hub's folder has links into another one
        sess_options=session_options(onnxruntime, threads),
        providers=["CPUExecutionProvider"],
    )
    unknown = [found.name for found in session.get_inputs() if found.name not in _INPUTS]
    if unknown:
        raise ValueError(f"{path.name} asks for {unknown[0]!r}; known are {', '.join(_INPUTS)}")
    return session


class PooledFile:
    """An embedder: the vectors of tokens become one per text, of length 1."""

    def __init__(self, session: Any, pooling: str) -> None:
        """Raises: ValueError if the file gives no vectors of tokens."""
        self._session = session
        self._names = [found.name for found in session.get_inputs()]
        outputs = [found for found in session.get_outputs() if len(found.shape) == _TOKENS_RANK]
        if not outputs:
            shapes = ", ".join(f"{o.name} {o.shape}" for o in session.get_outputs())
            raise ValueError(f"it gives no vectors of tokens, only {shapes}")
        self._output: str = outputs[0].name
        self._is_mean = pooling == POOLINGS[0]

    def run(
        self, _outputs: list[str] | None, feeds: Mapping[str, NDArray[Any]], options: Any = None
    ) -> list[FloatArray]:
        """As the session of a graph of ours: one array, (texts, hidden size)."""
        import numpy as np

        given = {**feeds, TYPES: np.zeros_like(feeds[IDS])}
        asked = {name: given[_INPUTS[name]] for name in self._names}
        tokens = self._session.run([self._output], asked, options)[0].astype(np.float32, copy=False)
        if self._is_mean:
            mask = feeds[MASK][:, :, None].astype(np.float32)
            rows = (tokens * mask).sum(axis=1) / np.maximum(mask.sum(axis=1), 1.0)
        else:
            rows = tokens[:, 0]
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: FloatArray = rows / np.maximum(lengths, 1e-12)
        return [unit]
