"""A conversation of messages as the ask of a turn: how doors without kept chats reach the ways. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from workers.chats.records import Message, Role
from workers.messages import ChatMessage
from workers.messages.errors import UnsupportedInputError

from .ask import TurnAsk
from .options import TurnOptions


def ask_of_messages(turns: Sequence[ChatMessage], options: TurnOptions) -> TurnAsk:
    """Return the ask; the system's turns, wherever they stand, become its system prompt.

    Raises: UnsupportedInputError for a conversation that no flow can answer.
    """
    if not turns or turns[-1].role != "user":
        raise UnsupportedInputError(
            "A flow answers a question: the conversation must end with a turn of the user."
        )
    if any(turn.role == "tool" or turn.tool_calls for turn in turns):
        raise UnsupportedInputError(
            "A flow answers in words, and this conversation has calls of tools in it.",
            "Leave them out, or ask one model directly.",
        )
    system = "\n\n".join(turn.text for turn in turns if turn.role == "system")
    spoken = [turn for turn in turns if turn.role != "system"]
    path = [
        Message(id=place, parent=place - 1 or None, role=_role(turn), text=turn.text)
        for place, turn in enumerate(spoken, start=1)
    ]
    return TurnAsk(path=path, options=options.model_copy(update={"system": system}))


def _role(turn: ChatMessage) -> Role:
    return "assistant" if turn.role == "assistant" else "user"
