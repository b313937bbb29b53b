"""What each modality is asked in a benchmark: the same for every model, so that numbers compare."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from configs.catalogue import ModelCard
from workers.messages import (
    NO_THOUGHTS,
    ChatMessage,
    Describe,
    Embed,
    Generate,
    Media,
    Request,
    SamplingParams,
    Synthesize,
    Transcribe,
)

ASSETS = Path(__file__).parents[3] / "assets"
ANSWER_TOKENS = 96
NUM_SENTENCES = 8
"""About 160 tokens."""
NUM_CHUNKS = 16
SENTENCE = "Item {number}: the grey fox went to town on day {number} and met a friend. "
TASK = "Tell a long story of a fox who lives in the woods near a town, day by day.\n\n"
SPOKEN = (
    "The quick brown fox jumps over the lazy dog. It was a bright cold day in April, and the clocks "
    "were striking thirteen. Nobody had seen the lighthouse keeper since the storm began."
)
QUESTION = "What is written in this picture?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, and how much there is in it."""

    request: Request
    num_given: float
    """Characters, pictures or chunks; 0 where the worker counts."""


def asked_of(card: ModelCard) -> Asked:
    """Return what a model is asked. Raises: OSError if an example of ours is not there."""
    sampling = SamplingParams(
        max_tokens=ANSWER_TOKENS, temperature=0.0, ignore_eos=not card.is_remote
    )
    if card.modality == "text":
        text = TASK + _prose(0, NUM_SENTENCES)
        question = (ChatMessage(role="user", text=text),)
        request = Generate(
            messages=question, sampling=sampling, model=card.id, thinking=NO_THOUGHTS
        )
        return Asked(request=request, num_given=0)
    if card.modality == "stt":
        sound = ASSETS / "example-speech.mp3"
        media = Media(name=sound.name, data=sound.read_bytes())
        return Asked(request=Transcribe(audio=media, model=card.id), num_given=0)
    if card.modality == "tts":
        return Asked(request=Synthesize(text=SPOKEN, model=card.id), num_given=len(SPOKEN))
    if card.modality == "vision":
        return Asked(request=_picture(card, sampling), num_given=1)
    texts = tuple(_prose(100 * number, NUM_SENTENCES) for number in range(NUM_CHUNKS))
    return Asked(request=Embed(texts=texts, model=card.id), num_given=NUM_CHUNKS)


def _picture(card: ModelCard, sampling: SamplingParams) -> Request:
    picture = ASSETS / "example-receipt.png"
    media = Media(name=picture.name, data=picture.read_bytes())
    return Describe(
        images=(media,),
        messages=(ChatMessage(role="user", text=QUESTION),),
        sampling=sampling,
        model=card.id,
    )


def _prose(first: int, num_sentences: int) -> str:
    return "".join(SENTENCE.format(number=first + n) for n in range(num_sentences))
