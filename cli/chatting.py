"""`quintet chat`: a conversation in the terminal. Ctrl-C stops the answer, not the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from .options import Json, PersonaName, SamplingFlags, SchemaFile, ToolFlags, Where, grouped
from .output import emit, note, say

if TYPE_CHECKING:
    from .conversation import Conversation

HISTORY = "chat_history"
STOPPED = "[stopped]"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(grouped(chat))


def chat(
    *,
    persona: PersonaName = "",
    schema: SchemaFile = None,
    tools: ToolFlags,
    sampling: SamplingFlags,
    where: Where,
    as_json: Json = False,
) -> None:
    """Chat in the terminal; /help lists what can be done there."""
    from . import slash
    from .calling import leave_of, schema_at
    from .conversation import Conversation
    from .dressing import persona_of
    from .opening import open_quintet
    from .terminal import line_editing

    asked = persona_of(persona, where) if persona else None
    model = sampling.model or (asked.model if asked else None)
    with open_quintet(where, text=model) as quintet:
        conversation = Conversation(
            quintet=quintet,
            options=sampling.given(),
            system=sampling.system,
            is_remote=bool(where.url),
            tools=tuple(tools.tool or ()),
            leave=leave_of(tools),
            schema=schema_at(schema),
        )
        if asked is not None:
            conversation.wear(asked)
            conversation.system = sampling.system or asked.system
        quintet.warm("text")
        note(f"{quintet.client.card('text').name}. /help lists the commands, /quit leaves.")
        with line_editing(quintet.settings.data_dir / HISTORY, slash.NAMES):
            _converse(conversation, as_json=as_json)


def _converse(conversation: Conversation, *, as_json: bool) -> None:
    from workers.messages.errors import AppError

    from . import slash
    from .terminal import lines

    for line in lines():
        if line in slash.QUIT:
            return
        try:
            if line.startswith("/") and line != slash.RETRY:
                note(slash.run(conversation, line))
                continue
            question = conversation.take_back() if line == slash.RETRY else line
            if question:
                _answer(conversation, question, as_json=as_json)
            else:
                note("There is nothing to answer again.")
        except (AppError, OSError) as err:  # the chat goes on
            note(str(err))
        except KeyboardInterrupt:
            note(STOPPED)


def _answer(conversation: Conversation, question: str, *, as_json: bool) -> None:
    """Write the answer as it comes; one that is stopped is remembered as far as it came."""
    from .answering import pieces_of

    said: list[str] = []
    reason = "stop"
    try:
        with conversation.ask(question) as stream:
            is_marked = bool(conversation.collection) and not conversation.flow
            for piece in pieces_of(stream, is_marked=is_marked):
                said.append(piece)
                if not as_json:
                    say(piece, end="")
        result = stream.result()
        if conversation.flow:  # it may have thought better of what it had said
            said = [result.text]
        if not as_json:
            say("")
            tell_all(conversation, result)
    except KeyboardInterrupt:
        reason = "cancelled"
        note(f" {STOPPED}")
    if said:
        conversation.remember(question, "".join(said))
    if as_json:
        emit({"question": question, "text": "".join(said), "finish_reason": reason})


def tell_all(conversation: Conversation, result: Any) -> None:
    """Say what there is to say about an answer."""
    from .answering import tell_sources
    from .calling import tell_mistake, tell_notes
    from .flowing import tell_flow

    tell_sources(result)
    tell_flow(getattr(result, "flow", {}))
    tell_notes(result)
    if not conversation.collection and not conversation.images and not conversation.flow:
        tell_mistake(result.text, conversation.schema)
