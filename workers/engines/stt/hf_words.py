"""Token times of one segment → times of its words; knows transformers' dictionaries, runs no model."""

from __future__ import annotations

from typing import Any

from workers.messages import Word

from .languages import NAMES


def words_of(tokenizer: Any, found: dict[str, Any], language: str) -> tuple[Word, ...]:
    """Return the words of a segment that was generated with `return_token_timestamps`.

    Entry n of `token_timestamps` is when token n ends and the next one begins; the first token of a
    segment is the moment of its start. A word's probability is the mean of its tokens'.
    """
    from transformers.models.whisper.tokenization_whisper import (
        _combine_tokens_into_words as combine,
    )

    tokens = [int(token) for token in found["tokens"]]
    times = [float(time) for time in found["token_timestamps"]]
    spoken = [at for at, token in enumerate(tokens) if token < tokenizer.eos_token_id]
    name = NAMES.get(language, "english")
    texts, _, groups = combine(tokenizer, [tokens[at] for at in spoken], name)
    chances = _probabilities(found)
    words = []
    for text, group in zip(texts, groups, strict=True):
        places = [spoken[index] for index in group]
        words.append(
            Word(
                start_s=times[max(places[0] - 1, 0)],
                end_s=times[places[-1]],
                text=text.strip(),
                probability=sum(chances[at] for at in places) / len(places),
            )
        )
    return tuple(words)


def _probabilities(found: dict[str, Any]) -> list[float]:
    """How sure the model was of each token of the segment."""
    scores, sequence = found["result"]["scores"], found["result"]["sequences"]
    num_given = len(sequence) - len(scores)
    first, last = (index - num_given for index in found["idxs"])
    return [
        float(scores[step].float().softmax(-1)[sequence[num_given + step]])
        for step in range(first, min(last, len(scores)))
    ]
