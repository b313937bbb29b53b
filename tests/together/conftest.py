"""The five real workers on their packaged weights, in their own processes."""

from __future__ import annotations

import io
import wave

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
    return Generate(messages=(question,), sampling=SamplingParams(max_tokens=3000, ignore_eos=True))


def again_and_again(recording: bytes, num_times: int) -> bytes:
    """Return a WAV file in which another is heard so many times."""
    longer = io.BytesIO()
    with wave.open(io.BytesIO(recording)) as once, wave.open(longer, "wb") as often:
        often.setparams(once.getparams())
        often.writeframes(once.readframes(once.getnframes()) * num_times)
    return longer.getvalue()


@pytest.fixture(scope="session")
def long_work(speech: bytes) -> dict[str, Request]:
    """One request per modality that takes many seconds, until all of them have begun at least."""
    pages = tuple(Media(name=f"{n}.png", data=picture_of(long_text(30, n * 30))) for n in range(8))
    book = Media(name="book.txt", data=long_text(5000).encode())
    return {
        "text": long_chat(),
        "stt": Transcribe(audio=Media(name="speech.wav", data=again_and_again(speech, 6))),
        "tts": Synthesize(text=long_text(400)),
        "vision": Describe(images=pages),
        "rag": Ingest(collection="together", documents=(book,)),
    }
