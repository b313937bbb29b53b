"""What a LocalAI model file wants cut from a whole answer. A pure function.

For answers that are given at once; a stream has already said what would be cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from configs.catalogue import ModelCard
from workers.messages import Event, TextDelta


def clean(text: str, card: ModelCard) -> str:
    """Return the answer after `cutstrings`, `trimspace` and `trimsuffix` of the card's options.

    In this order: what a regular expression of the first matches is cut; a prefix of the second, a
    suffix of the third, and the white space around what is left. Source: LocalAI's `Finetune`.
    """
    for pattern in card.options.get("cutstrings", ()):
        text = re.sub(pattern, "", text)
    for prefix in card.options.get("trimspace", ()):
        text = text.removeprefix(prefix).strip()
    for suffix in card.options.get("trimsuffix", ()):
        text = text.removesuffix(suffix).strip()
    return text


def cleaned(events: Sequence[Event], card: ModelCard) -> list[Event]:
    """Return an answer's events, its text cleaned and in one piece if there is anything to clean."""
    deltas = [event for event in events if isinstance(event, TextDelta)]
    text = "".join(delta.text for delta in deltas)
    tidy = clean(text, card)
    if tidy == text:
        return list(events)
    logprobs = tuple(token for delta in deltas for token in delta.logprobs)
    whole = replace(deltas[0], text=tidy, logprobs=logprobs)
    others = [event for event in events if not isinstance(event, TextDelta)]
    return [whole, *others]
