"""One voice turn: from the end of somebody's speech to the first audio of the answer."""

from __future__ import annotations

import os
import re
import statistics
import time
from contextlib import closing

from workers.client import Client
from workers.messages import (
    AudioDelta,
    ChatMessage,
    Generate,
    Media,
    Modality,
    SamplingParams,
    SegmentDelta,
    Synthesize,
    TextDelta,
    Transcribe,
)

from .harness import Measurement, quiet_pool
from .material import spoken

RUNS = 9
QUESTION = "What is the capital of France?"
VOICE: tuple[Modality, ...] = ("text", "stt", "tts")
"""Who takes part; the detection of speech lives in the recogniser's process."""
_END = re.compile(r"[.!?](\s|$)")
MAX_TOKENS = 120


def measure() -> list[Measurement]:
    """Return what one turn takes with the default models, from the end of a question to first sound."""
    with quiet_pool() as (_, client):
        wav = spoken(client, QUESTION)
        turn_s(client, wav)  # wakes the others, and the prompt's beginning is read
        turns = [turn_s(client, wav) for _ in range(RUNS)]
    return [
        Measurement(
            what="voice turn: end of speech → first sound of the answer (median)",
            value=statistics.median(turns),
            unit="s",
            bar="≤ 0.8",
            runs=RUNS,
            note=f"{min(turns):.2f} to {max(turns):.2f} s; load {os.getloadavg()[0]:.1f}",
        )
    ]


def turn_s(client: Client, wav: bytes) -> float:
    """Hear, let the model answer, and speak its first sentence while it writes on."""
    started = time.perf_counter()
    heard = client.run(Transcribe(audio=Media(name="question.wav", data=wav)))
    question = "".join(event.text for event in heard if isinstance(event, SegmentDelta))
    messages = (ChatMessage(role="user", text=question.strip()),)
    sampling = SamplingParams(max_tokens=MAX_TOKENS, temperature=0)
    with closing(client.stream(Generate(messages=messages, sampling=sampling))) as answer:
        sentence = ""
        for event in answer:
            sentence += event.text if isinstance(event, TextDelta) else ""
            if _END.search(sentence):
                break
        with closing(client.stream(Synthesize(text=sentence))) as speech:
            for event in speech:
                if isinstance(event, AudioDelta):
                    return time.perf_counter() - started
    return float("nan")
