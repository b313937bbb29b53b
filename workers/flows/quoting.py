"""An answer made of the documents' own sentences: no text model is asked, so nothing can be invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages import Passage

from .likeness import MAX_PASSAGE_SENTENCES, cosine, vectors_of
from .off_topic import stems
from .sentences import passage_sentences

QUOTED_BELOW_M = 1000.0
"""With a model of fewer million parameters the documents are quoted unless somebody says otherwise; measured in
docs/finding.md."""
MAX_SENTENCES = 3
MEANING = 0.7
"""As for passages: the rest is shared words."""
LEADING = 0.1
"""What the first passage's sentences gain over the last's."""
NEAR_BEST = 0.75
"""A sentence below this share of the best one's score is not quoted."""
MAX_CHARS = 600
"""Of one sentence; a table without full stops is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One sentence of a passage."""

    number: int
    """Of its passage, from 1."""
    text: str


def is_for_quotes(card: ModelCard) -> bool:
    """Whether a model is so small that the documents' own sentences are the better answer."""
    return 0 < card.parameters_m < QUOTED_BELOW_M


async def quotes_for(client: Client, question: str, passages: Sequence[Passage]) -> list[Quote]:
    """Return the sentences that answer best, in reading order: by the embedder, or by words where it sleeps."""
    found = [
        Quote(number=number, text=text[:MAX_CHARS])
        for number, passage in enumerate(passages, start=1)
        for text in passage_sentences(passage.text) or [passage.text.strip()]
    ][:MAX_PASSAGE_SENTENCES]
    rows = await vectors_of(client, (question, *(one.text for one in found)))
    meaning = [cosine(rows[0], row) for row in rows[1:]] if rows else [0.0] * len(found)
    return chosen(question, found, meaning)


def chosen(question: str, found: Sequence[Quote], meaning: Sequence[float]) -> list[Quote]:
    """Return the best of the sentences, in the order they came; `meaning`: each one's cosine to the question."""
    wanted = stems(question)
    last = max((one.number for one in found), default=1)
    scores = [
        MEANING * near
        + (1 - MEANING) * len(wanted & stems(one.text)) / max(1, len(wanted))
        + LEADING * (last - one.number) / last
        for one, near in zip(found, meaning, strict=True)
    ]
    best = sorted(range(len(found)), key=lambda place: -scores[place])
    once = {
        found[place].text: place for place in reversed(best)
    }  # overlapping passages repeat themselves
    kept = [place for place in best if once[found[place].text] == place][:MAX_SENTENCES]
    return [found[place] for place in sorted(kept) if scores[place] >= NEAR_BEST * scores[best[0]]]


def quoted_text(quotes: Sequence[Quote]) -> str:
    """Return them as an answer with marks, a paragraph each."""
    return "\n\n".join(f"{one.text} [{one.number}]" for one in quotes)
