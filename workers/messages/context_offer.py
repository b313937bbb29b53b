"""What is offered to somebody whose conversation does not fit: the same model with a longer context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextOffer:
    """A longer context for one model, and whether there is memory for it."""

    model_id: str
    modality: str
    tokens: int
    """Of one conversation; holds the prompt that was too long, and an answer."""
    fits: bool
    plan: str
    """What loading it so would take, as a sentence with its numbers."""

    @property
    def hint(self) -> str:
        """How to take it, or why that is no use."""
        if not self.fits:
            return f"A context of {self.tokens:,} tokens would hold it, but {self.plan}"
        setting = f"QUINTET_WORKERS__{self.modality.upper()}__CONTEXT_TOKENS={self.tokens}"
        return (
            f"Or load the model with {self.tokens:,} tokens ({self.plan.rstrip('.')}): "
            f"quintet models use {self.model_id} --context {self.tokens} --url ADDRESS, "
            f'POST /v1/models/{self.model_id}/use {{"context_tokens": {self.tokens}}}; '
            f"for every start: {setting}."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "model": self.model_id,
            "context_tokens": self.tokens,
            "fits": self.fits,
            "plan": self.plan,
        }
