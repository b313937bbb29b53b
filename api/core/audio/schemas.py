"""OpenAI-shaped bodies of the audio routes. Unknown keys are ignored, as OpenAI's own servers do.

Source: the API reference of OpenAI, audio.
"""

from __future__ import annotations

from typing import Literal

from fastapi import UploadFile
from pydantic import BaseModel, Field

from api.core.form_text import Text

TranscriptFormat = Literal["json", "text", "srt", "vtt", "verbose_json"]
Granularity = Literal["word", "segment"]


class TranslationForm(BaseModel):
    """POST /v1/audio/translations: the recording and how to listen to it."""

    file: UploadFile
    model: str | None = None
    language: str | None = None
    """ISO 639-1 code of what is spoken; None: detect."""
    prompt: Text | None = None
    """Context that steers spelling."""
    response_format: TranscriptFormat = "json"
    temperature: float | None = None
    """Read and left alone: the recogniser raises it by itself where it doubts."""
    stream: bool = False
    vad: bool = True
    """Ours: skip silence before recognition."""
    hotwords: Text | None = None
    """Ours: words to expect."""
    keywords: list[Text] = []
    keywords_list: list[Text] = Field(default=[], alias="keywords[]")
    """OpenAI's name for them."""
    timestamp_granularities: list[Granularity] = []
    timestamp_granularities_list: list[Granularity] = Field(
        default=[], alias="timestamp_granularities[]"
    )
    """The same, as OpenAI's clients spell it."""

    @property
    def expected_words(self) -> str | None:
        """The words to expect, however they were given."""
        return self.hotwords or ", ".join([*self.keywords, *self.keywords_list]) or None

    @property
    def granularities(self) -> frozenset[Granularity]:
        """What times were asked for; segments if nothing was said."""
        named = frozenset([*self.timestamp_granularities, *self.timestamp_granularities_list])
        return named or frozenset(("segment",))


class TranscriptionForm(TranslationForm):
    """POST /v1/audio/transcriptions: the same, but to be written down as it is spoken."""


class VoiceId(BaseModel):
    """A voice as an object."""

    id: str


class SpeechRequest(BaseModel):
    """POST /v1/audio/speech."""

    model: str | None = None
    input: str
    voice: str | VoiceId | None = None
    """A voice of the model; OpenAI's own names stand for its first."""
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = 1.0
    stream_format: Literal["audio", "sse"] = "audio"
    voice_clip: str | None = None
    """Ours: a recording of 3 to 30 s whose voice to take on, as base64 or as a `data:` URI."""
    consent: bool = False
    """Ours: "This is my own voice, or its owner has agreed"; a clip needs it."""

    @property
    def voice_name(self) -> str | None:
        """The voice's name, however it was given."""
        return self.voice.id if isinstance(self.voice, VoiceId) else self.voice
