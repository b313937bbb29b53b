"""What may be said about how to answer, by name; several verbs share these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypedDict

from workers.flows.turns.calls import Decision
from workers.personas.records import Persona

from .inputs import File


class ChatOptions(TypedDict, total=False):
    """See `workers.messages.SamplingParams`; `model` is a card's id, `tool_choice` as OpenAI's.

    After `timeout_s` seconds, waiting included, the answer is given up (TimedOutError).
    """

    model: str
    timeout_s: float | None
    tool_choice: str
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repeat_penalty: float
    max_tokens: int
    seed: int
    stop: str | Sequence[str]
    frequency_penalty: float
    presence_penalty: float


class FlowOptions(ChatOptions, total=False):
    """Besides, how the answer is come by: see `workers.flows.turns.options.TurnOptions`."""

    flow: str
    stronger: str
    other: str
    collections: Sequence[str]
    style: str


class TalkOptions(FlowOptions, total=False):
    """What a chat takes besides: who answers, and whether it thinks first (None: as the model does).

    `run_tools` names tools of this machine that the model may call ("calculator", "weather/*"). `allow`
    is asked before a call that wants somebody's leave, and returns "once", "chat" or "no"; without it such
    calls are refused. `on_call` is told of each call when it has ended. Both get it as a mapping.
    """

    persona: Persona | str | None
    thinking: bool | None
    run_tools: Sequence[str]
    allow: Callable[[Mapping[str, Any]], Decision]
    on_call: Callable[[Mapping[str, Any]], object]


class ListenOptions(TypedDict, total=False):
    """See `workers.messages.Transcribe`; `model` is a card's id, `timeout_s` as in `ChatOptions`."""

    model: str
    timeout_s: float | None
    language: str
    translate: bool
    words: bool


class SpeakOptions(TypedDict, total=False):
    """See `workers.messages.Synthesize`; `model` is a card's id, `timeout_s` as in `ChatOptions`."""

    speed: float
    timeout_s: float | None
    model: str | None
    clip: File | None
    consent: bool


def check_names(options: Mapping[str, Any], known: type) -> None:
    """Refuse what no option is called. Raises: TypeError, as Python does for a keyword that no parameter has."""
    for name in options.keys() - known.__annotations__.keys():
        near = get_close_matches(name, known.__annotations__, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise TypeError(f"got an unexpected keyword argument {name!r}{hint}")
