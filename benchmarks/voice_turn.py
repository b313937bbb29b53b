"""One voice turn: from the end of somebody's speech to the first audio of the answer."""

from __future__ import annotations

import re
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

VOICE: tuple[Modality, ...] = ("text", "stt", "tts")
"""Who takes part; the detection of speech lives in the recogniser's process."""
_END = re.compile(r"[.!?](\s|$)")
MAX_TOKENS = 120


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
