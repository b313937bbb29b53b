"""Answers that must match a JSON schema or a grammar, through llguidance: a mask for each token."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from workers.messages import Constraint
from workers.messages.errors import UnsupportedInputError

from .schemas import check_grammar, read_schema

BETWEEN = {"whitespace_pattern": r"( |\n{1,2}[ \t]{0,20})?"}
"""White space in JSON, as llama.cpp allows it: without a bound, small models write nothing else."""


class Constraints:
    """Makes masks for one tokenizer; what they share (about a second) is made at the first."""

    def __init__(self, tokenizer: Any, vocab_size: int, eos_ids: Sequence[int]) -> None:
        self._tokenizer = tokenizer
        self._vocab_size = max(vocab_size, len(tokenizer))
        self._eos_ids = list(eos_ids)
        self._shared: Any = None
        self._lock = threading.Lock()

    def mask_for(self, constraint: Constraint | None) -> LlguidanceMask | None:
        """Raises: UnsupportedInputError if it cannot be enforced, or llguidance is missing."""
        if constraint is None:
            return None
        try:
            library: Any = import_module("llguidance")
        except ImportError as err:
            raise UnsupportedInputError(
                "Models on transformers follow a schema or a grammar only with the package llguidance.",
                hint="Run: pip install llguidance",
            ) from err
        matcher = library.LLMatcher(self._shared_tokenizer(), _grammar(library, constraint))
        if matcher.is_error():
            reason = matcher.get_error().strip().splitlines()[0]
            raise UnsupportedInputError(f"llguidance cannot enforce this: {reason}.")
        return LlguidanceMask(matcher)

    def _shared_tokenizer(self) -> Any:
        with self._lock:
            if self._shared is None:
                module: Any = import_module("llguidance.hf")
                self._shared = module.from_tokenizer(
                    self._tokenizer, n_vocab=self._vocab_size, eos_token=self._eos_ids
                )
            return self._shared


class LlguidanceMask:
    """What may come next in one answer; see `workers.engines.common.torch.sampling.TokenMask`."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher
        self._torch: Any = import_module("torch")

    def allowed(self, num_logits: int) -> Any:
        """See `TokenMask`."""
        packed = bytearray(self._matcher.compute_bitmask())
        words = self._torch.frombuffer(packed, dtype=self._torch.uint8)
        bits = words.unsqueeze(1) >> self._torch.arange(8, dtype=self._torch.uint8)
        found = (bits & 1).bool().flatten()[:num_logits]
        missing = num_logits - found.shape[0]
        return self._torch.nn.functional.pad(found, (0, missing)) if missing > 0 else found

    def accept(self, token_id: int) -> None:
        """See `TokenMask`."""
        self._matcher.consume_token(token_id)


def _grammar(library: Any, constraint: Constraint) -> str:
    if constraint.kind == "grammar":
        check_grammar(constraint.text)
        try:
            return str(library.grammar_from("gbnf", constraint.text))
        except ValueError as err:
            reason = str(err).splitlines()[0]
            raise UnsupportedInputError(f"The grammar cannot be read: {reason}.") from err
    schema: dict[str, Any] = {"type": "object"}
    if constraint.kind == "schema":
        schema = read_schema(constraint.text, "The JSON schema")
    return str(library.LLMatcher.grammar_from_json_schema(schema, overrides=BETWEEN))
