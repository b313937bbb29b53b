"""What can be done with documents in a chat, and with a conversation that is full."""

from __future__ import annotations

from ui.text.act import COMPOSER, Act, Outcome
from ui.text.log.log_actions import begin_again, named_message, save_options
from workers.flows.turns.options import settings_of
from workers.messages import Collections, ListCollections
from workers.messages.errors import UnsupportedInputError

from .collections_switch import note_collections

WAYS_TO_SHORTEN = ("drop", "summarise")


async def look_for_collections(act: Act) -> Outcome:
    """Show which collections there are; documents are woken for it."""
    for event in await act.client.arun(ListCollections()):
        if isinstance(event, Collections):
            note_collections(act.client, event.collections)
    return Outcome(draw=(COMPOSER,), notice_html=None, for_composer={"keep": True})


async def anyway(act: Act) -> Outcome:
    """Answer without the documents that have nothing about the question; a version beside the refusal."""
    return begin_again(act, act.options.model_copy(update={"answers_anyway": True}))


async def shorten(act: Act) -> Outcome:
    """Let the chat leave out its oldest exchanges from now on, or sum them up, and ask again."""
    how = act.text("how")
    if how not in WAYS_TO_SHORTEN:
        raise UnsupportedInputError(f"A chat is made shorter by: {', '.join(WAYS_TO_SHORTEN)}.")
    named_message(act, "assistant")
    options = act.options.model_copy(update={"when_full": how})
    save_options(act, settings_of(options))
    return begin_again(act, options)
