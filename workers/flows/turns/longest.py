"""How an answer is sampled, and where it ends at the latest: nobody may be there to stop a model that rambles."""

from __future__ import annotations

from dataclasses import replace

from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages import SamplingParams
from workers.messages.sampling import sampling_for

from .fitting import DEFAULT_CONTEXT
from .options import TurnOptions

LEAST_TOKENS = 4096
"""About six pages: whoever answers at more length has lost the thread, or is to be told to go on."""
LEAST_WITH_THOUGHTS = 8192
"""Thoughts count too: DeepSeek-R1's and Qwen3's take some thousand tokens for a hard question."""


def sampling_of(client: Client, card: ModelCard, options: TurnOptions) -> SamplingParams:
    """Return how an answer of a card is sampled, with a longest length where nobody has set one.

    Servers elsewhere have their own: some refuse a length that is more than their model's. Raises:
    UnsupportedInputError.
    """
    sampling = sampling_for(card, options.sampling, options.thinking)
    if sampling.max_tokens is not None or card.is_remote:
        return sampling
    return replace(sampling, max_tokens=longest_answer(client, card, options))


def longest_answer(client: Client, card: ModelCard, options: TurnOptions) -> int:
    """Return the tokens: half of the model's context, in a small context all that is left of it."""
    ready = client.ready("text", card.id)
    context = (ready.context_length if ready else card.context_length) or DEFAULT_CONTEXT
    wish = options.thinking.is_on
    thinks = card.thinks == "on" if wish is None else wish
    return max(LEAST_WITH_THOUGHTS if thinks else LEAST_TOKENS, context // 2)
