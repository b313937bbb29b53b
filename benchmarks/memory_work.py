"""Work that brings a worker to its peak, one kind for each modality.

A prompt that fills a quarter of the context, then another conversation; 80 s of speech, to which an
hour would add nothing; a sentence that never ends; a page of 12 million pixels; a book to search.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

from workers.client import Client
from workers.messages import (
    ChatMessage,
    Describe,
    Embed,
    Generate,
    Ingest,
    Media,
    SamplingParams,
    Synthesize,
    Transcribe,
)

from .material import long_text, picture_of, spoken

MAX_PROMPT_TOKENS = 1000
"""A KV cache takes its memory when the model is loaded: longer prompts only take longer."""
TOKENS_PER_SENTENCE = 21
LARGE_PICTURE = (4000, 3000)


def _write_answers(client: Client, context_tokens: int, slots: int) -> None:
    """Let every slot read a prompt and answer, twice, with different prompts."""
    num_tokens = min(MAX_PROMPT_TOKENS, context_tokens // 4) // slots + TOKENS_PER_SENTENCE
    for turn in range(2):
        prompts = [
            long_text(num_tokens // TOKENS_PER_SENTENCE, first_day=1000 * (turn * 10 + slot))
            for slot in range(slots)
        ]
        sampling = SamplingParams(max_tokens=8)
        requests = [
            Generate(messages=(ChatMessage(role="user", text=prompt),), sampling=sampling)
            for prompt in prompts
        ]
        _all_at_once(client, requests)


def _all_at_once(client: Client, requests: list[Generate]) -> None:
    threads = [threading.Thread(target=client.run, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _hear(client: Client, _context_tokens: int, _slots: int) -> None:
    """Hear 80 s, with a time for each word."""
    speech = Media(name="speech.wav", data=spoken(client, long_text(18)))
    client.run(Transcribe(audio=speech, word_timestamps=True))


def _speak(client: Client, _context_tokens: int, _slots: int) -> None:
    client.run(Synthesize(text=long_text(6) + " the rain and," * 150))


def _read(client: Client, _context_tokens: int, _slots: int) -> None:
    from PIL import Image

    page = Image.open(io.BytesIO(picture_of(long_text(12)))).resize(LARGE_PICTURE)
    buffer = io.BytesIO()
    page.save(buffer, format="PNG")
    client.run(Describe(images=(Media(name="page.png", data=buffer.getvalue()),)))


def _index(client: Client, _context_tokens: int, _slots: int) -> None:
    client.run(Embed(texts=(long_text(100),) * 4))
    book = Media(name="book.txt", data=long_text(200).encode())
    client.run(Ingest(collection="memory", documents=(book,)))


WORK: dict[str, Callable[[Client, int, int], None]] = {
    "text": _write_answers,
    "stt": _hear,
    "tts": _speak,
    "vision": _read,
    "rag": _index,
}
"""Modality → work that is large for its kind; told the context of a slot, and the slots."""
