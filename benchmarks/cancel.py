"""From Stop to the slot being free, for each modality: p95 in milliseconds."""

from __future__ import annotations

import time
from dataclasses import replace

from workers.client import Client
from workers.messages import (
    AudioDelta,
    ChatMessage,
    Describe,
    Event,
    Finished,
    Generate,
    Ingest,
    Media,
    Progress,
    Request,
    SamplingParams,
    SegmentDelta,
    Synthesize,
    TextDelta,
    Transcribe,
    new_request_id,
)

from .harness import Measurement, percentile_95, quiet_pool
from .material import long_text, picture_of, spoken

RUNS = 12


def measure() -> list[Measurement]:
    """Return one row per modality."""
    with quiet_pool() as (_, client):
        speech = Media(name="speech.wav", data=spoken(client, long_text(60)))
        pictures = tuple(Media(name=f"{n}.png", data=picture_of(long_text(20))) for n in range(4))
        book = Media(name="book.txt", data=(long_text(3000)).encode())
        cases: list[tuple[str, type[Event], Request]] = [
            ("text", TextDelta, _chat()),
            ("text that reads a long prompt", Progress, _long_prompt()),
            ("speech in", SegmentDelta, Transcribe(audio=speech)),
            ("speech out", AudioDelta, Synthesize(text=long_text(300))),
            ("vision", Progress, Describe(images=pictures)),
            ("rag", Progress, Ingest(collection="stop", documents=(book,))),
        ]
        return [_row(client, *case) for case in cases]


def _chat() -> Generate:
    question = ChatMessage(role="user", text="Tell me a very long story about the sea.")
    return Generate(messages=(question,), sampling=SamplingParams(max_tokens=2000))


def _long_prompt() -> Generate:
    """Of some 3,000 tokens: each run is stopped after a batch or two, and the next goes on there."""
    return Generate(messages=(ChatMessage(role="user", text=long_text(150)),))


def _row(client: Client, name: str, first: type[Event], request: Request) -> Measurement:
    times = [
        _stop_once(client, first, replace(request, request_id=new_request_id()))
        for _ in range(RUNS)
    ]
    return Measurement(
        what=f"Stop → slot free, {name} (p95)",
        value=percentile_95(times) * 1000,
        unit="ms",
        bar="≤ 300",
        runs=RUNS,
    )


def _stop_once(client: Client, first: type[Event], request: Request) -> float:
    stopped = None
    for event in client.stream(request):
        if isinstance(event, first) and stopped is None:
            stopped = time.perf_counter()
            client.cancel(request.request_id)
        if isinstance(event, Finished) and stopped is not None:
            return time.perf_counter() - stopped
    return float("nan")
