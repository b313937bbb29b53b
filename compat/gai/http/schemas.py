"""Gai/Gen's bodies for text, speech and pictures. `stream` is on unless switched off (GG1)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

Text = Annotated[str, Field(min_length=0)]
"""Text that can be written down: the bound makes pydantic refuse halves of surrogate pairs."""
Role = Annotated[
    Literal["system", "user", "assistant", "tool"],
    BeforeValidator(lambda role: role.lower() if isinstance(role, str) else role),
]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Hyperparameters(BaseModel):
    """What any engine of Gai/Gen calls its sampling, as one; keys beyond these are told as ignored."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    max_tokens: Count | None = Field(
        default=None,
        validation_alias=AliasChoices("max_tokens", "max_new_tokens", "max_tokens_to_sample"),
    )
    temperature: float | None = None
    top_p: float | None = None
    top_k: Count | None = None
    min_p: float | None = None
    typical_p: float | None = Field(
        default=None, validation_alias=AliasChoices("typical_p", "typical")
    )
    repeat_penalty: float | None = Field(
        default=None,
        validation_alias=AliasChoices(
            "repeat_penalty", "repetition_penalty", "token_repetition_penalty_max"
        ),
    )
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    stop: Text | list[Text] | None = Field(
        default=None, validation_alias=AliasChoices("stop", "stopping_words")
    )
    seed: Annotated[int, Field(ge=-1, le=2**32 - 1)] | None = None
    logit_bias: dict[int, float] | None = None
    do_sample: bool | None = None
    """False: the likeliest token, always."""


class CalledFunction(BaseModel):
    """A function's name, and its arguments as JSON text."""

    name: Text
    arguments: Text = "{}"


class Call(BaseModel):
    """A call that the assistant made earlier."""

    id: Text
    function: CalledFunction


class Message(BaseModel):
    """One turn; roles in any case."""

    role: Role
    content: Text
    tool_calls: list[Call] = []
    tool_call_id: Text = ""


class Function(BaseModel):
    """What the model is told about a function."""

    name: Text
    description: Text | None = None
    parameters: dict[str, Any] = {}


class Tool(BaseModel):
    """One entry of `tools`."""

    type: Literal["function"] = "function"
    function: Function


class ChosenFunction(BaseModel):
    """The function that must be called."""

    name: Text


class ToolChoice(BaseModel):
    """`tool_choice` naming one function."""

    type: Literal["function"] = "function"
    function: ChosenFunction


class ChatBody(Hyperparameters):
    """POST /gen/v1/chat/completions."""

    model: Text = "mistral7b-exllama"
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: bool = True
    tools: list[Tool] | None = None
    tool_choice: Literal["auto", "none", "required"] | ToolChoice | None = None


class TextPart(BaseModel):
    """Words about the pictures."""

    type: Literal["text"]
    text: Text


class ImageUrl(BaseModel):
    """Where a picture is: `data:` or a public http(s) address."""

    url: Text


class ImagePart(BaseModel):
    """One picture."""

    type: Literal["image_url"]
    image_url: ImageUrl


class VisionMessage(BaseModel):
    """One turn about pictures."""

    role: Role
    content: Text | list[Annotated[TextPart | ImagePart, Field(discriminator="type")]]


class VisionBody(Hyperparameters):
    """POST /gen/v1/vision/completions."""

    model: Text = "llava-transformers"
    messages: Annotated[list[VisionMessage], Field(min_length=1)]
    stream: bool = False


class SpeechBody(BaseModel):
    """POST /gen/v1/audio/speech."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    model: Text = "xtts-2"
    input: Text
    voice: Text | None = None
    language: Text | None = None
    """Code; the voice must speak it. None: whatever the voice speaks."""
    stream: bool = True
    speed: float = 1.0
    response_format: Literal["wav", "mp3", "flac", "opus", "aac", "pcm"] | None = None
    """None: what the generator's users expect."""
