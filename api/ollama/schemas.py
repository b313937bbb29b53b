"""Bodies of Ollama's API. A null means "not given", whatever the key; unknown keys are kept, to be named.

Source: Ollama's API documentation; the types of its Python and JavaScript clients.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from api.core.flows import FlowWish

Name = Annotated[str, Field(min_length=1, max_length=300)]
Named = Annotated[
    str,
    Field(min_length=1, max_length=300, validation_alias=AliasChoices("model", "name")),
]
"""The name of a model, also under the older key."""
KeepAlive = float | str
"""Seconds, or a duration as Go writes it: `10m`, `1h30m`; negative: for ever; 0: not at all."""


class Body(BaseModel):
    """What all bodies and their parts have in common."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: item for key, item in value.items() if item is not None}


class Called(Body):
    """A function and its arguments, which are an object."""

    name: str = ""
    arguments: dict[str, Any] = {}


class Call(Body):
    """A tool call that the assistant made earlier in the conversation."""

    id: str = ""
    function: Called = Called()


class Message(Body):
    """One turn; roles in any case."""

    role: str
    content: str = ""
    thinking: str = ""
    """Former thoughts; left out of the conversation."""
    images: list[str] = []
    """Base64, with or without `data:` before it."""
    tool_calls: list[Call] = []
    tool_name: str = ""
    tool_call_id: str = ""


class Function(Body):
    """What the model is told about a function."""

    name: str = Field(min_length=1)
    description: str = ""
    parameters: dict[str, Any] = {}


class ToolBody(Body):
    """One entry of `tools`."""

    type: Literal["function"] = "function"
    function: Function


class Asked(Body):
    """Keys of both routes that answer."""

    model: Name
    stream: bool = True
    format: Literal["", "json"] | dict[str, Any] = ""
    """"json", or a JSON schema."""
    options: dict[str, Any] = {}
    keep_alive: KeepAlive | None = None
    think: bool | Literal["low", "medium", "high", "max"] | None = None
    tools: list[ToolBody] = []
    logprobs: bool = False
    top_logprobs: int = Field(default=0, ge=0, le=20)
    truncate: bool = True
    """Leave out the oldest turns of a conversation that does not fit the context."""


class ChatBody(Asked):
    """POST /api/chat."""

    messages: list[Message] = []
    quintet: FlowWish | None = None


class GenerateBody(Asked):
    """POST /api/generate."""

    prompt: str = ""
    suffix: str = ""
    images: list[str] = []
    system: str | None = None
    template: str = ""
    raw: bool = False
    context: list[int] = []
    """What an earlier answer gave; only this server can read it."""


class EmbedBody(Body):
    """POST /api/embed."""

    model: Name
    input: str | list[str] | list[int] | list[list[int]] = []
    truncate: bool = True
    dimensions: int | None = Field(default=None, ge=1)
    options: dict[str, Any] = {}
    keep_alive: KeepAlive | None = None


class EmbeddingsBody(Body):
    """POST /api/embeddings, the older route."""

    model: Name
    prompt: str = ""
    options: dict[str, Any] = {}
    keep_alive: KeepAlive | None = None


class ShowBody(Body):
    """POST /api/show."""

    model: Named
    verbose: bool = False


class DeleteBody(Body):
    """DELETE /api/delete."""

    model: Named


class PullBody(Body):
    """POST /api/pull."""

    model: Named
    stream: bool = True
    accept_license: bool = False
    """Ours: yes to a licence that limits the use."""


class CopyBody(Body):
    """POST /api/copy."""

    source: Name
    destination: Name


class CreateBody(Body):
    """POST /api/create: another name and other defaults for a model that is here."""

    model: Named
    source: str = Field(default="", alias="from", max_length=300)
    stream: bool = True
    system: str = ""
    messages: list[Message] = []
    parameters: dict[str, Any] = {}
    license: str | list[str] = ""
    template: str = ""
    quantize: str = ""
    files: dict[str, str] = {}
    adapters: dict[str, str] = {}
