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
    linear_elements: int = 0
    """Values in the matrices that a quantisation at load shrinks."""
    other_elements: int = 0
    """Values that stay as they are: embeddings, head, norms."""
    num_layers: int = 0
    num_kv_heads: int = 0
    kv_heads_by_layer: tuple[int, ...] = ()
    """Where layers differ: 0 for one without a KV cache. Empty: all have `num_kv_heads`."""
    head_dim: int = 0
    value_head_dim: int = 0
    """0: as `head_dim`."""
    hidden_size: int = 0
    feed_forward_size: int = 0
    vocab_size: int = 0
    context_length: int = 0
    """Tokens that the model was made for."""
    sliding_window: int = 0
    """Tokens that a sliding layer looks back."""
    num_sliding_layers: int = 0
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
        heads = sum(self.kv_heads_by_layer) or self.num_layers * self.num_kv_heads
        return heads * (self.head_dim + (self.value_head_dim or self.head_dim))
