"""LocalAI's own bodies; the rest are OpenAI's. Unknown keys are ignored, as LocalAI does.

Source: LocalAI's endpoints `/v1/edits` and `/tts`; LLM API's `/embeddings`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from api.core.completions.schemas import SamplingBody


class EditRequest(SamplingBody):
    """POST /v1/edits."""

    instruction: str = Field(min_length=1)
    input: str = ""


class SpeakRequest(BaseModel):
    """POST /tts. `backend` is not needed: the model's card says what speaks."""

    model: str | None = None
    input: str
    voice: str | None = None
    language: str | None = None
    """Read and left alone: a voice speaks the language that it was made for."""
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "wav"


class TextBody(BaseModel):
    """POST /embeddings as LLM API sends it."""

    text: str
