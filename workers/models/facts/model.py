"""What is known of a model's weights and shape, whichever format says it.

Zero and empty mean "not said": an odd file gives fewer facts, never an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """One model's facts, from which its memory is estimated."""

    architecture: str = ""
    """As the files call it: "llama", "qwen2", "LlavaForConditionalGeneration"…"""
    weights_bytes: Mapping[str, int] = field(default_factory=dict)
    """Bytes by tensor type ("Q4_K", "BF16"), as they lie on the disk; without the projector."""
    token_bytes: Mapping[str, int] = field(default_factory=dict)
    """Bytes that writing one token reads, by tensor type: of experts, those that work for it; nothing of a
    table of words that is only looked up."""
    linear_elements: int = 0
    """Values in the matrices that a quantisation at load shrinks."""
    other_elements: int = 0
    """Values that stay as they are: embeddings, head, norms."""
    num_layers: int = 0
    whole_kv_values: int = 0
    """Keys and values that one token leaves in the cache, in the layers that keep every token."""
    sliding_kv_values: int = 0
    """The same in those that look back `sliding_window` tokens only."""
    recurrent_bytes: int = 0
    """State that one conversation has in layers without such a cache."""
    hidden_size: int = 0
    feed_forward_size: int = 0
    vocab_size: int = 0
    context_length: int = 0
    """Tokens that the model was made for."""
    sliding_window: int = 0
    """Tokens that a sliding layer looks back."""
    projector_bytes: int = 0
    """The side that sees: tower and projector."""
    image_tokens: int = 0
    """Of one picture at the model's own size."""
    is_from_files: bool = False
    """Read from the weights themselves, not from the card."""

    @property
    def total_bytes(self) -> int:
        """Size of all weights on the disk, the projector's not among them."""
        return sum(self.weights_bytes.values())

    @property
    def kv_values_per_token(self) -> int:
        """Keys and values that one token leaves in the cache, over all layers."""
        return self.whole_kv_values + self.sliding_kv_values
