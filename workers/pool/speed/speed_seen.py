"""How fast a request was served, from what its receipt says. Pure."""

from __future__ import annotations

from workers.messages import (
    Complete,
    Describe,
    Embed,
    Finished,
    Generate,
    Ingest,
    Request,
    Synthesize,
    Transcribe,
)

LEAST_TOKENS = 16
LEAST_AUDIO_S = {Transcribe: 5.0, Synthesize: 2.0}
"""Shorter ones are mostly their beginning."""
LEAST_CHUNKS = 4.0


def speed_seen(request: Request, end: Finished) -> float | None:
    """Return the speed in the unit of the request's modality (`UNITS`); None if it says nothing."""
    usage = end.usage
    if end.reason == "cancelled":
        return None
    if isinstance(request, (Generate, Complete, Describe)):
        is_long = usage.completion_tokens >= LEAST_TOKENS and usage.decode_s > 0
        return usage.completion_tokens / usage.decode_s if is_long else None
    if isinstance(request, (Transcribe, Synthesize)):
        is_long = usage.audio_s >= LEAST_AUDIO_S[type(request)] and end.run_s > 0
        return usage.audio_s / end.run_s if is_long else None
    if isinstance(request, (Embed, Ingest)):
        is_long = usage.num_chunks >= LEAST_CHUNKS and usage.prefill_s > 0
        return usage.num_chunks / usage.prefill_s if is_long else None
    return None


def tokens_before(end: Finished) -> float:
    """Return how many tokens stood before the one that was written, in the middle of an answer."""
    return end.usage.prompt_tokens + end.usage.completion_tokens / 2
