"""Bodies of OpenAI's Responses API: text and pictures in, text and function calls out.

Unknown keys are ignored. Source: OpenAI's API reference, responses, and its package's types.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from api.core.flows import FlowBody
from api.core.thinking import Reasoning

Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]],
    Field(max_length=16),
]
"""OpenAI's own bounds: it is kept with the response."""


class Part(BaseModel):
    """One part of a message: input_text, output_text or input_image."""

    type: str
    text: str = ""
    image_url: str | None = None


class Item(BaseModel):
    """One item of the input: a message, a function_call or a function_call_output."""

    type: str = "message"
    role: str = "user"
    content: str | list[Part] = ""
    call_id: str = ""
    name: str = ""
    arguments: str = "{}"
    output: str | list[Part] = ""


class ToolBody(BaseModel):
    """A function that the model may call."""

    type: Literal["function"] = "function"
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class NamedTool(BaseModel):
    """The one function that must be called."""

    type: Literal["function"] = "function"
    name: str


class TextFormat(BaseModel):
    """What the text must be."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: dict[str, Any] = Field(alias="schema", default_factory=dict)


class TextOptions(BaseModel):
    """`text` of a body."""

    format: TextFormat = TextFormat()


class ResponseRequest(FlowBody):
    """POST /v1/responses."""

    model: str | None = None
    input: str | list[Item]
    instructions: str | None = None
    previous_response_id: str | None = None
    store: bool = True
    stream: bool = False
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    tools: list[ToolBody] = []  # noqa: RUF012 — of a pydantic model, which copies it
    tool_choice: Literal["auto", "none", "required"] | NamedTool = "auto"
    text: TextOptions = TextOptions()
    metadata: Metadata | None = None
    reasoning: Reasoning | None = None
