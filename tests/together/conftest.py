"""The five real workers on their packaged weights, in their own processes."""

from __future__ import annotations

import pytest

from benchmarks.material import long_text, picture_of, spoken
from workers.client import Client
from workers.messages import (
    ChatMessage,
    Describe,
    Generate,
    Ingest,
    Media,
    Request,
    SamplingParams,
    Synthesize,
    Transcribe,
)


@pytest.fixture(scope="session")
def speech(client: Client) -> bytes:
    """A minute and a half of speech by our own voice, as WAV."""
    return spoken(client, long_text(20))


def long_chat() -> Generate:
    question = ChatMessage(role="user", text="Tell me a very long story about the sea.")
    return Generate(messages=(question,), sampling=SamplingParams(max_tokens=3000, seed=3))


@pytest.fixture(scope="session")
def long_work(speech: bytes) -> dict[str, Request]:
    """One request per modality that takes many seconds."""
    pages = tuple(Media(name=f"{n}.png", data=picture_of(long_text(30, n * 30))) for n in range(8))
    book = Media(name="book.txt", data=long_text(5000).encode())
    return {
        "text": long_chat(),
        "stt": Transcribe(audio=Media(name="speech.wav", data=speech)),
        "tts": Synthesize(text=long_text(400)),
        "vision": Describe(images=pages),
        "rag": Ingest(collection="together", documents=(book,)),
    }
