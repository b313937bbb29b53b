"""A conversation that a flow answers: `chat(…, flow="plan")`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

from workers.client import Client
from workers.flows.turns.of_messages import ask_of_messages
from workers.flows.turns.options import DIRECT, TurnOptions
from workers.flows.turns.ways import way_of
from workers.messages import ChatMessage, Event
from workers.messages.errors import UnsupportedInputError
from workers.messages.sampling import NAMES
from workers.personas.asking import PersonaAsk

from . import results
from .library_call import LibraryCall, deadline_of, text_of_event
from .options import FlowOptions, TalkOptions
from .results import ChatResult

FLOW_NAMES = ("stronger", "other", "collections", "style")
"""Options that say something to a flow alone."""


def is_flow(options: FlowOptions, *, is_bound: bool) -> bool:
    """Whether a flow is to answer; `is_bound`: to tools or a schema.

    Raises: UnsupportedInputError for what no flow follows, and for what is said to none.
    """
    if options.get("flow", DIRECT) != DIRECT:
        if is_bound:
            raise UnsupportedInputError(
                "A flow answers in words: leave out tools, run_tools and schema."
            )
        return True
    if of_flows := [name for name in FLOW_NAMES if options.get(name)]:
        raise UnsupportedInputError(f"{' and '.join(of_flows)}: which flow is not said.")
    return False


def flow_call(
    client: Client,
    turns: Sequence[ChatMessage],
    options: TalkOptions,
    asked: PersonaAsk,
) -> LibraryCall[ChatResult, str]:
    """Return the call; what was said counts before what the persona says.

    Raises: UnknownModelError, UnsupportedInputError.
    """
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    said = {**asked.sampling, **given}
    model = given.get("model") or asked.model
    wishes = TurnOptions(
        flow=given["flow"],
        model=client.models.get(model, "text").id if model else None,
        sampling={name: value for name, value in said.items() if name in NAMES},
        is_thinking=given.get("thinking", asked.thinking),
        stronger=given.get("stronger"),
        other=given.get("other"),
        collections=tuple(given.get("collections", ())),
        style=given.get("style", ""),
    )
    way = way_of(wishes)
    ask = ask_of_messages(turns, wishes)

    def source(client: Client) -> AsyncGenerator[Event, None]:
        return way(client, ask)

    return LibraryCall(
        source=source,
        result=lambda events: replace(results.chat_result(events), notes=asked.notes),
        piece=text_of_event,
        deadline=deadline_of(options.get("timeout_s")),
    )
