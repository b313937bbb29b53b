"""OpenAI-shaped bodies. Unknown keys are ignored, as OpenAI's own servers do.

Besides OpenAI's keys, those that llama.cpp's and LocalAI's servers take. Source: the API reference
of OpenAI, chat completions and completions; LocalAI's for the sampling keys.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, Field

from api.core.flows import FlowBody
from api.core.thinking import ThinkingBody


class ImageUrl(BaseModel):
    """Where a picture is: `data:` or a public http(s) address."""

    url: str


class Part(BaseModel):
    """One part of a message: `text`, or `image_url` with an object or a plain address."""

    type: str
    text: str = ""
    image_url: ImageUrl | str | None = None


class FunctionCall(BaseModel):
    """A function's name and its arguments as JSON text."""

    name: str
    arguments: str = "{}"


class Call(BaseModel):
    """A tool call that the assistant made earlier in the conversation."""

    id: str = ""
    function: FunctionCall


class Message(BaseModel):
    """One turn; roles in any case, `developer` is `system`."""

    role: str
    content: str | list[Part] | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None


class Function(BaseModel):
    """What the model is told about a function."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class ToolChoice(BaseModel):
    """The one tool that must be called."""

    function: FunctionCall


class ToolBody(BaseModel):
    """One entry of `tools`."""

    type: Literal["function"] = "function"
    function: Function


class JsonSchema(BaseModel):
    """A named schema, as `response_format` carries it."""

    json_schema: dict[str, Any] = Field(alias="schema", default_factory=dict)


class ResponseFormat(BaseModel):
    """What the answer must be."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: JsonSchema | None = None


class StreamOptions(BaseModel):
    """What a stream carries besides the answer."""

    include_usage: bool = False


class SamplingBody(BaseModel):
    """Keys of both completion routes; what is left out is the card's to say."""

    model: str | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int = Field(default=1, ge=1, le=16)
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    typical_p: float | None = None
    mirostat: int | None = Field(
        default=None, validation_alias=AliasChoices("mirostat", "mirostat_mode")
    )
    mirostat_tau: float | None = None
    mirostat_eta: float | None = None
    repeat_penalty: float | None = Field(
        default=None, validation_alias=AliasChoices("repeat_penalty", "repetition_penalty")
    )
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    ignore_eos: bool | None = None
    logit_bias: dict[int, float] | None = None
    max_tokens: int | None = Field(
        default=None,
        validation_alias=AliasChoices("max_completion_tokens", "max_tokens", "max_token"),
    )
    seed: int | None = None
    stop: str | list[str] | None = None
    grammar: str | None = None
    response_format: ResponseFormat | None = None


class ChatRequest(ThinkingBody, FlowBody, SamplingBody):
    """POST /v1/chat/completions."""

    messages: Annotated[list[Message], Field(min_length=1)]
    tools: list[ToolBody] = []
    tool_choice: Literal["auto", "none", "required"] | ToolChoice = "auto"
    functions: list[Function] = []
    """The older way to say `tools`."""
    function_call: Literal["auto", "none"] | FunctionCall = "auto"
    logprobs: bool | None = None
    top_logprobs: int | None = None


class CompletionRequest(SamplingBody):
    """POST /v1/completions: text goes on as it stands, without a chat template."""

    prompt: str | Annotated[list[str], Field(min_length=1)]
    suffix: str | None = None
    echo: bool = False
    logprobs: int | None = None
