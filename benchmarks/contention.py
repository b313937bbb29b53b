"""Chat speed while another worker is busy, as a share of its speed alone."""

from __future__ import annotations

import threading
from collections.abc import Callable

from workers.client import Client
from workers.messages import (
    ChatMessage,
    Finished,
    Generate,
    Ingest,
    Media,
    Request,
    SamplingParams,
    Synthesize,
    Transcribe,
)

from .harness import Measurement, percentile_95, quiet_pool
from .material import long_text, spoken

RUNS = 2
NUM_TOKENS = 60


def measure() -> list[Measurement]:
    """Return the share of chat speed that is left beside indexing, hearing and speaking."""
    with quiet_pool() as (_, client):
        wav = spoken(client, long_text(40))
        first_day = iter(range(0, 10**9, 4000))

        def indexing() -> Request:
            text = long_text(4000, next(first_day))
            return Ingest(
                collection="busy", documents=(Media(name="book.txt", data=text.encode()),)
            )

        def hearing() -> Request:
            return Transcribe(audio=Media(name="speech.wav", data=wav))

        def speaking() -> Request:
            return Synthesize(text=long_text(100))

        _chat_speed(client)
        return [
            _beside(client, "indexing", indexing),
            _beside(client, "transcribing", hearing),
            _beside(client, "speaking", speaking),
        ]


def _beside(client: Client, name: str, make: Callable[[], Request]) -> Measurement:
    shares, alone = [], []
    for _ in range(RUNS):
        alone.append(_chat_speed(client))
        stop = threading.Event()
        thread = threading.Thread(target=_keep_busy, args=(client, make, stop))
        thread.start()
        stop.wait(1.5)  # until the other engine is in its stride
        shares.append(_chat_speed(client) / alone[-1])
        stop.set()
        thread.join()
    return Measurement(
        what=f"chat while {name} ÷ chat alone",
        value=sorted(shares)[len(shares) // 2],
        unit="ratio",
        bar="≥ 0.4",
        runs=RUNS,
        note=f"alone {percentile_95(alone):.0f} tokens/s; worst {min(shares):.2f}",
    )


def _keep_busy(client: Client, make: Callable[[], Request], stop: threading.Event) -> None:
    while not stop.is_set():
        for _ in client.stream(make()):
            if stop.is_set():
                break


def _chat_speed(client: Client) -> float:
    """Return tokens/s as the engine measured them."""
    question = ChatMessage(role="user", text="Write a long story about a fox and a river.")
    sampling = SamplingParams(max_tokens=NUM_TOKENS, seed=1)
    end = client.run(Generate(messages=(question,), sampling=sampling))[-1]
    if not isinstance(end, Finished) or not end.usage.decode_s:
        return float("nan")
    return end.usage.completion_tokens / end.usage.decode_s
