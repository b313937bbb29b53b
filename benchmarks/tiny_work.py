"""The least that a worker can be asked: so that what is timed is its waking, not its work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages import (
    AudioDelta,
    ChatMessage,
    Describe,
    Embed,
    Embedded,
    Event,
    Generate,
    Media,
    Modality,
    PictureRead,
    Request,
    SamplingParams,
    SegmentDelta,
    Synthesize,
    TextDelta,
    Transcribe,
)

from .material import picture_of, spoken

FIRST_OUTPUT: dict[Modality, type[Event]] = {
    "text": TextDelta,
    "stt": SegmentDelta,
    "tts": AudioDelta,
    "vision": PictureRead,
    "rag": Embedded,
}
"""What a user sees or hears first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyWork:
    """A second of speech and a line of print, made once."""

    speech: bytes
    picture: bytes

    @classmethod
    def made_by(cls, client: Client) -> TinyWork:
        """Let the default voice speak, then put it to sleep again."""
        made = cls(speech=spoken(client, "Good evening."), picture=picture_of("No smoking"))
        client.sleep("tts")
        return made

    def request(self, modality: Modality, model: str | None = None) -> Request:
        """Return a fresh request for a model (None: the modality's default)."""
        return self._makers[modality](model)

    @property
    def _makers(self) -> dict[Modality, Callable[[str | None], Request]]:
        question = ChatMessage(role="user", text="What is the capital of France?")
        sampling = SamplingParams(max_tokens=4, temperature=0)
        wav, png = (
            Media(name="a.wav", data=self.speech),
            Media(name="a.png", data=self.picture),
        )
        return {
            "text": lambda model: Generate(messages=(question,), sampling=sampling, model=model),
            "stt": lambda model: Transcribe(audio=wav, model=model),
            "tts": lambda model: Synthesize(text="Three little words.", model=model),
            "vision": lambda model: Describe(images=(png,), model=model),
            "rag": lambda model: Embed(texts=("The tower is 62 metres high.",), model=model),
        }


def second_text_model() -> list[ModelCard]:
    """Return the tests' model of half a billion parameters, where its packages are installed."""
    try:
        from tests.coder import coder_card

        return [coder_card()]
    except (ImportError, AssertionError):
        return []
