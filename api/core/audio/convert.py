"""OpenAI's audio bodies ⇄ messages. Pure functions."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Sequence
from typing import Any, cast

from workers.flows.speech import FileBytes
from workers.media.subtitles import plain_text, to_subtitles
from workers.messages import (
    AudioInfo,
    Event,
    Finished,
    Media,
    SegmentDelta,
    Synthesize,
    Transcribe,
    Usage,
    Word,
)
from workers.messages.consent import check_consent

from .schemas import SpeechRequest, TranscriptionForm, TranslationForm

Json = dict[str, Any]

OPENAI_MODELS = frozenset(
    "whisper-1 gpt-transcribe gpt-4o-transcribe gpt-4o-mini-transcribe "
    "tts-1 tts-1-hd gpt-4o-mini-tts".split()
)
"""Names that stand in OpenAI's own examples: they mean the model in use here."""
OPENAI_VOICES = frozenset(
    "alloy ash ballad coral echo fable onyx nova sage shimmer verse marin cedar".split()
)
PCM_RATE_HZ = 24_000
"""What OpenAI says of `pcm`: 24 kHz, 16-bit little-endian, mono, without a header."""
FRAMES_PER_S = 100
"""`seek` counts Whisper's mel frames."""


def to_transcribe(form: TranslationForm, audio: Media, model: str | None) -> Transcribe:
    """Return the request: of a `TranscriptionForm` to write down, else to translate."""
    return Transcribe(
        audio=audio,
        model=model,
        language=(form.language or "").lower() or None,
        translate=not isinstance(form, TranscriptionForm),
        word_timestamps="word" in form.granularities and form.response_format == "verbose_json",
        vad=form.vad,
        initial_prompt=form.prompt,
        hotwords=form.expected_words,
    )


def to_synthesize(
    body: SpeechRequest, model: str | None, voices: Collection[str], clip: Media | None = None
) -> Synthesize:
    """Return the request. `voices` are the model's: OpenAI's names for others mean its first.

    Raises: UnsupportedInputError for a clip without consent.
    """
    voice = body.voice_name or None
    if voice in OPENAI_VOICES and voice not in voices:
        voice = None
    request = Synthesize(
        text=body.input,
        model=model,
        voice=voice,
        speed=body.speed,
        voice_clip=clip,
        has_consent=body.consent,
    )
    check_consent(request)
    return request


def file_rate_hz(body: SpeechRequest) -> int:
    """Return the sample rate of the file; 0: the voice's own."""
    return PCM_RATE_HZ if body.response_format == "pcm" else 0


def transcript(events: Sequence[Event], form: TranslationForm) -> tuple[str, str]:
    """Return the answer and its media type."""
    segments = [event for event in events if isinstance(event, SegmentDelta)]
    if form.response_format == "text":
        return plain_text(segments) + "\n", "text/plain"
    if form.response_format == "srt" or form.response_format == "vtt":  # noqa: PLR1714 — for mypy
        return to_subtitles(segments, form.response_format), "text/plain"
    body: Json = {"text": plain_text(segments)}
    if form.response_format == "verbose_json":
        body = _verbose(segments, events, form) | body
    body["usage"] = {"type": "duration", "seconds": _usage(events).audio_s}
    return json.dumps(body, ensure_ascii=False), "application/json"


def _verbose(segments: list[SegmentDelta], events: Sequence[Event], form: TranslationForm) -> Json:
    info = next(event for event in events if isinstance(event, AudioInfo))
    is_transcription = isinstance(form, TranscriptionForm)
    body: Json = {
        "task": "transcribe" if is_transcription else "translate",
        "language": info.language if is_transcription else "en",
        "duration": info.duration_s,
    }
    if "segment" in form.granularities:
        body["segments"] = [segment_object(n, segment) for n, segment in enumerate(segments)]
    if "word" in form.granularities:
        body["words"] = [_word_object(word) for segment in segments for word in segment.words]
    return body


def segment_object(number: int, segment: SegmentDelta) -> Json:
    """Return one segment; how it was decoded is left out where the engine does not say."""
    body: Json = {
        "id": number,
        "start": segment.start_s,
        "end": segment.end_s,
        "text": segment.text,
    }
    if segment.decoding is not None:
        decoding = segment.decoding
        body |= {
            "seek": round(decoding.window_start_s * FRAMES_PER_S),
            "tokens": list(decoding.token_ids),
            "temperature": decoding.temperature,
            "avg_logprob": decoding.avg_logprob,
            "compression_ratio": decoding.compression_ratio,
            "no_speech_prob": decoding.no_speech_prob,
        }
    return body


def _word_object(word: Word) -> Json:
    return {"word": word.text, "start": word.start_s, "end": word.end_s}


def _usage(events: Sequence[Event]) -> Usage:
    return cast(Finished, events[-1]).usage


class LiveTranscript:
    """Events → what OpenAI streams: deltas that join to the whole text, then the text."""

    def __init__(self, form: TranslationForm) -> None:
        named = {*form.timestamp_granularities, *form.timestamp_granularities_list}
        self._has_times = "segment" in named or form.response_format == "verbose_json"
        self._segments: list[SegmentDelta] = []

    def add(self, event: Event) -> list[Json]:
        """Return what one event adds to the stream; nothing for most."""
        if isinstance(event, SegmentDelta):
            return self._segment(event)
        if isinstance(event, Finished):
            return [{"type": "transcript.text.done", "text": plain_text(self._segments)}]
        return []

    def _segment(self, segment: SegmentDelta) -> list[Json]:
        number = len(self._segments)
        self._segments.append(segment)
        space = " " if number else ""
        bodies: list[Json] = [{"type": "transcript.text.delta", "delta": space + segment.text}]
        if self._has_times:
            bodies.append(
                {
                    "type": "transcript.text.segment",
                    "id": f"seg_{number}",
                    "start": segment.start_s,
                    "end": segment.end_s,
                    "text": segment.text,
                    "speaker": "",  # required by OpenAI's clients; no speakers are told apart
                }
            )
        return bodies


def speech_event(event: FileBytes | Finished) -> Json:
    """Return one event of streamed speech. A voice counts no tokens: its usage is in seconds."""
    if isinstance(event, FileBytes):
        return {"type": "speech.audio.delta", "audio": base64.b64encode(event.data).decode()}
    tokens = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    usage = {**tokens, "seconds": event.usage.audio_s}
    return {"type": "speech.audio.done", "usage": usage}
