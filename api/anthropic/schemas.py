"""Bodies of Anthropic's Messages API. Unknown keys are ignored.

Source: Anthropic's API reference, Messages, and the types of its Python package.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from api.core.flows import FlowBody
from api.core.thinking import ThinkingSwitch


class Source(BaseModel):
    """A picture: base64 data with its media type, or a public address."""

    type: Literal["base64", "url"]
    media_type: str = "image/png"
    data: str = ""
    url: str = ""


class Block(BaseModel):
    """One block of a message: text, image, tool_use or tool_result."""

    type: str
    text: str = ""
    source: Source | None = None
    id: str = ""
    name: str = ""
    input: dict[str, Any] = {}
    tool_use_id: str = ""
    content: str | list[Block] | None = None


class Turn(BaseModel):
    """One turn of the conversation."""

    role: str
    content: str | list[Block]


class ToolBody(BaseModel):
    """A tool that the model may use."""

    name: str
    description: str | None = None
    input_schema: dict[str, Any] = {}


class ToolChoice(BaseModel):
    """Whether a tool is to be used, and which."""

    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None


class CountRequest(BaseModel):
    """POST /v1/messages/count_tokens."""

    model: str | None = None
    messages: Annotated[list[Turn], Field(min_length=1)]
    system: str | list[Block] | None = None
    tools: list[ToolBody] = []
    tool_choice: ToolChoice | None = None


class MessagesRequest(FlowBody, CountRequest):
    """POST /v1/messages."""

    max_tokens: int
    stream: bool = False
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: list[str] | None = None
    thinking: ThinkingSwitch | None = None
