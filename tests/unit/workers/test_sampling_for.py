"""What a model's card says of sampling counts with or without its thoughts, and after the request."""

from __future__ import annotations

import pytest

from configs.catalogue import load_catalogue
from workers.messages import NO_THOUGHTS, Thinking
from workers.messages.sampling import sampling_for

CARDS = load_catalogue()
AS_IT_DOES, ON = Thinking(), Thinking(is_on=True)


@pytest.mark.parametrize(
    ("model_id", "thinking", "temperature", "top_p"),
    [
        ("qwen3.5-4b", AS_IT_DOES, 1.0, 0.95),  # thinks unless told not to
        ("qwen3.5-4b", NO_THOUGHTS, 0.7, 0.8),
        ("qwen3.5-0.8b", AS_IT_DOES, 0.7, 0.8),  # thinks when asked to
        ("qwen3.5-0.8b", ON, 1.0, 0.95),
        ("qwen3.5-2b", AS_IT_DOES, 1.0, 1.0),
        ("gemma-4-e4b", ON, 1.0, 0.95),
    ],
)
def test_the_maker_s_values_follow_the_thoughts(
    model_id: str, thinking: Thinking, temperature: float, top_p: float
) -> None:
    found = sampling_for(CARDS[model_id], {}, thinking)
    assert (found.temperature, found.top_p) == (temperature, top_p)


def test_what_is_asked_for_counts_before_both() -> None:
    found = sampling_for(CARDS["qwen3.5-4b"], {"temperature": 0.1}, ON)
    assert (found.temperature, found.top_k, found.presence_penalty) == (0.1, 20, 1.5)
