"""What can be done with a flow's answer: to say which of two is better."""

from __future__ import annotations

from workers.flows.turns.comparing import vote
from workers.messages.errors import NotFoundError

from .act import LIST, LOG, Act, Outcome


async def vote_for(act: Act) -> Outcome:
    """Let the chat go on with the better of two answers."""
    message = act.number("message")
    if message not in act.own.tree(act.chat.id).messages:
        raise NotFoundError("There is no such message in this chat.")
    vote(act.own, message, act.number("better"))
    return Outcome(draw=(LIST, LOG), for_composer={"keep": True})
