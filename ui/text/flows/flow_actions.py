"""What can be done with flows: to say which of two answers is better, to begin an article."""

from __future__ import annotations

from ui.text.act import ALL, LIST, LOG, Act, Outcome
from ui.text.sidebar.list_actions import new
from workers.flows.turns.comparing import vote
from workers.flows.turns.options import settings_of
from workers.messages.errors import NotFoundError


async def vote_for(act: Act) -> Outcome:
    """Let the chat go on with the better of two answers."""
    message = act.number("message")
    if message not in act.own.tree(act.chat.id).messages:
        raise NotFoundError("There is no such message in this chat.")
    vote(act.own, message, act.number("better"))
    return Outcome(draw=(LIST, LOG), for_composer={"keep": True})


async def write_article(act: Act) -> Outcome:
    """Begin a chat whose answers are articles from one collection: what they are about is asked next."""
    await new(act)
    wishes = {"flow": "article", "collections": (act.text("collection"),)}
    act.page.settings = settings_of(act.options.model_copy(update=wishes))
    return Outcome(draw=ALL, for_composer={"focus": True})
