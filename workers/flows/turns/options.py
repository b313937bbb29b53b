"""How a chat is answered: what the composer's switches say, kept with each chat as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workers.chats.records import NOTHING
from workers.messages import Thinking
from workers.personas.records import DIRECT as DIRECT

SYSTEM_PROMPT = "You are a helpful assistant. Answer clearly and briefly."
PLAIN = "plain"
"""The persona whose words SYSTEM_PROMPT is."""


class TurnOptions(BaseModel):
    """One answer's wishes. Whatever is not said is the model's own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    persona: str = PLAIN
    """Id of the persona that was chosen last; what it said is in the other fields already: `wearing`."""
    persona_said: Mapping[str, Any] = Field(default_factory=dict)
    """What that was, by field: what differs from it is the chat's own."""
    model: str | None = None
    """Id of a card; None: the default of the modality."""
    system: str = SYSTEM_PROMPT
    """Who the model is and how it answers; "": nothing is said."""
    sampling: Mapping[str, Any] = Field(default_factory=dict)
    """Fields of SamplingParams that somebody has changed."""
    is_thinking: bool | None = None
    """Whether the model thinks before it answers; None: as it does by itself."""
    thinking_tokens: int | None = Field(default=None, ge=1)
    """The longest thought; None: as long as the model likes."""
    voice: str | None = None
    """Who reads the answers aloud; None: the voice in use."""
    flow: str = DIRECT
    """How the answer is come by: a key of `WAYS`."""
    tools: tuple[str, ...] = ()
    """Tools that the model may call: ids, or "weather/*" for all of a file or server."""
    allowed_tools: tuple[str, ...] = ()
    """Ids of those that somebody has allowed for this chat; the others ask each time."""
    answer_schema: Mapping[str, Any] | None = None
    """A JSON schema that the answer obeys; None: it is free text."""
    stronger: str | None = None
    """Id of the card that the flow `route` asks second; None: the one remote model that can be used."""
    other: str | None = None
    """Id of the card whose answer the flow `compare` puts beside the first; None: the next one here."""
    style: str = ""
    """How the flow `article` writes: "for children", "short sentences"."""
    collections: tuple[str, ...] = ()
    """Collections of documents that are searched for each question, and cited."""
    answers_anyway: bool = False
    """Whether the model answers from what it knows where those documents have nothing."""
    when_full: Literal["ask", "drop", "summarise"] = "ask"
    """What becomes of a conversation that does not fit the model's context: it is refused and said what
    there is for it, its oldest exchanges are left out, or they are summarised by the model."""

    @property
    def thinking(self) -> Thinking:
        """Return the wish as a request has it."""
        return Thinking(is_on=self.is_thinking, max_tokens=self.thinking_tokens)


def options_of(settings: Mapping[str, Any] = NOTHING) -> TurnOptions:
    """Return what a chat's settings say; one that was written wrongly says nothing."""
    try:
        return TurnOptions.model_validate(dict(settings))
    except ValidationError:
        return TurnOptions()


def settings_of(options: TurnOptions) -> dict[str, Any]:
    """Return options as a chat keeps them: what differs from the default."""
    return options.model_dump(mode="json", exclude_defaults=True)
