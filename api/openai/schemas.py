"""OpenAI-shaped bodies. Unknown keys are ignored, as OpenAI's own servers do.

Source: the API reference of OpenAI, chat completions, embeddings, audio and models.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, Field


class TextPart(BaseModel):
    """One text part of a message."""

    type: Literal["text"]
    text: str


class Message(BaseModel):
    """One turn; roles in any case."""

    role: str
    content: str | list[TextPart] | None = None

    @property
    def text(self) -> str:
        """The turn's text, its parts joined."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream carries besides the answer."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """POST /v1/chat/completions."""

    model: str | None = None
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None
    max_tokens: int | None = Field(
        default=None,
        validation_alias=AliasChoices("max_completion_tokens", "max_tokens", "max_token"),
    )
    seed: int | None = None
    stop: str | list[str] | None = None


class EmbeddingRequest(BaseModel):
    """POST /v1/embeddings."""

    model: str | None = None
    input: str | Annotated[list[str], Field(min_length=1)]
    encoding_format: Literal["float", "base64"] = "float"
