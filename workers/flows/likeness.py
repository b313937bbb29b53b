"""How near each sentence of an answer is to each passage, by the embedder that found the passages."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from operator import mul

from workers.client import Client
from workers.messages import Embed, Embedded, Passage
from workers.messages.errors import AppError

from .sentences import passage_sentences, sentences_of

MAX_SENTENCES = 24
"""Of an answer; what comes after is judged by its words alone."""
MAX_PASSAGE_SENTENCES = 96
"""Of all passages together: about a second of one core."""

FOREIGN = (
    "She put the kettle on and looked for a clean cup.",
    "Our team lost the match in the last minute.",
    "The recipe wants two onions and a little butter.",
    "He has painted the fence of his garden green.",
)
"""Sentences about something else: how near an embedder puts those differs, and is its zero here."""

Likeness = Sequence[Sequence[float]]
"""For each sentence of the answer that claims something, in order: how near each passage's nearest sentence is; 1 is
the same, 0 as near as a sentence about something else. It may end early."""


async def likeness_of(client: Client, answer: str, passages: Sequence[Passage]) -> Likeness:
    """Return it; empty where the embedder is asleep, on another machine, or fails: words alone count then."""
    said = [one.text for one in sentences_of(answer) if one.is_claim][:MAX_SENTENCES]
    stands = [
        (number, sentence)
        for number, passage in enumerate(passages)
        for sentence in passage_sentences(passage.text)
    ][:MAX_PASSAGE_SENTENCES]
    if not said or not stands:
        return ()
    rows = await vectors_of(client, (*FOREIGN, *said, *(sentence for _, sentence in stands)))
    owners = [number for number, _ in stands]
    return nearest(rows, len(said), owners, len(passages)) if rows else ()


async def vectors_of(client: Client, texts: Sequence[str]) -> list[Sequence[float]]:
    """Return a row of length 1 for each text; none where the embedder is asleep, on another machine, or fails."""
    if not _is_awake(client):
        return []
    try:
        events = await client.arun(Embed(texts=tuple(texts)))
    except AppError:
        return []
    embedded = next((event for event in events if isinstance(event, Embedded)), None)
    if embedded is None:
        return []
    return list(struct.iter_unpack(f"<{embedded.dim}f", embedded.vectors))


def nearest(
    rows: Sequence[Sequence[float]], num_said: int, owners: Sequence[int], num_passages: int
) -> list[list[float]]:
    """Return the likeness from vectors of length 1: of `FOREIGN`, what is said, and what stands in passages.

    `owners` says which passage each of the last is of, from 0. A passage without any has -1.
    """
    foreign, said = rows[: len(FOREIGN)], rows[len(FOREIGN) : len(FOREIGN) + num_said]
    stands = rows[len(FOREIGN) + num_said :]
    cosines = [cosine(row, other) for row in said for other in foreign]
    zero = min(0.95, max(0.0, sum(cosines) / max(1, len(cosines))))
    found = []
    for row in said:
        best = [-1.0] * num_passages
        for other, owner in zip(stands, owners, strict=True):
            best[owner] = max(best[owner], (cosine(row, other) - zero) / (1 - zero))
        found.append(best)
    return found


def cosine(row: Sequence[float], other: Sequence[float]) -> float:
    """Return the cosine of two rows of length 1."""
    return float(sum(map(mul, row, other)))


def _is_awake(client: Client) -> bool:
    card = client.loaded("rag")
    return card is not None and not card.is_remote and card == client.card("rag")
