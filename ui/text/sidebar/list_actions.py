"""What can be done with whole chats: the sidebar's actions."""

from __future__ import annotations

import asyncio
from html import escape

from ui.core.render import note_html
from ui.text.act import ALL, COMPOSER, LIST, LOG, Act, Outcome
from ui.text.exchanges import exchanges_of
from ui.text.open_page import WINDOW
from workers.chats.exchange.importing import read_chats
from workers.chats.records import KeptChat
from workers.flows.turns.options import settings_of
from workers.messages.errors import UnsupportedInputError

from .chat_list import UNTITLED

FOCUS = {"focus": True, "to_end": True}


async def new(act: Act) -> Outcome:
    """Begin a chat, which is kept from its first question on; the one before goes on by itself."""
    act.page.settings = dict(act.settings) if act.page.chat else act.page.settings
    act.page.is_private = False
    act.page.look_at(None)
    return Outcome(draw=ALL, for_composer=FOCUS)


async def private(act: Act) -> Outcome:
    """Begin a chat of which nothing is kept; in one, go back to those that are."""
    was_private = act.page.is_private
    await new(act)
    act.page.is_private = not was_private
    return Outcome(draw=ALL, for_composer=FOCUS)


async def open_chat(act: Act) -> Outcome:
    """See a chat; at a message that a search has found."""
    own, chat = act.own, act.text("chat")
    kept = own.get(chat)
    act.page.look_at(kept.id)
    jump = None
    if act.sent.get("message"):
        jump = act.number("message")
        tree = own.tree(chat)
        if jump not in tree.messages:
            raise UnsupportedInputError("That message is in another chat.")
        if jump not in {message.id for message in tree.path(kept.shown)}:
            own.show(chat, tree.end_below(jump))
        exchanges = exchanges_of(tree, own.get(chat).shown, {})
        ids = [{m.id for m in (one.question, one.answer) if m is not None} for one in exchanges]
        at = next(index for index, them in enumerate(ids) if jump in them)
        act.page.window = max(WINDOW, len(exchanges) - at)
    return Outcome(draw=ALL, for_composer={**FOCUS, "jump": jump})


async def search(act: Act) -> Outcome:
    """Look for words in all chats."""
    act.page.query = act.text("query").strip()
    return Outcome(draw=(LIST,))


async def rename(act: Act) -> Outcome:
    """Give a chat a title."""
    title = " ".join(act.text("title").split())
    if not title:
        raise UnsupportedInputError("A chat's title cannot be empty.")
    act.own.rename(act.text("chat"), title)
    return Outcome(draw=(LIST, COMPOSER))


async def pin(act: Act) -> Outcome:
    """Keep a chat at the top, or no longer."""
    chat = act.own.get(act.text("chat"))
    act.own.pin(chat.id, is_pinned=not chat.is_pinned)
    return Outcome(draw=(LIST,))


async def move(act: Act) -> Outcome:
    """File a chat in a folder; without a name, take it out."""
    act.own.move(act.text("chat"), " ".join(act.text("folder").split()))
    return Outcome(draw=(LIST,))


async def rename_folder(act: Act) -> Outcome:
    """Give a folder another name; without one, dissolve it."""
    act.own.rename_folder(act.text("folder"), " ".join(act.text("title").split()))
    return Outcome(draw=(LIST,))


async def delete(act: Act) -> Outcome:
    """Take a chat out of the list, and offer to bring it back."""
    chat = act.own.get(act.text("chat"))
    for turn in act.chats.runner.of_chat(chat.id):
        turn.stop()
    act.own.delete(chat.id)
    if act.page.chat == chat.id:
        act.page.look_at(None)
        return Outcome(draw=ALL, notice_html=_deleted(chat), for_composer=FOCUS)
    return Outcome(draw=(LIST,), notice_html=_deleted(chat))


async def restore(act: Act) -> Outcome:
    """Bring a deleted chat back, and see it."""
    chat = act.own.restore(act.text("chat"))
    act.page.look_at(chat.id)
    return Outcome(draw=ALL, for_composer=FOCUS)


async def take_in(act: Act) -> Outcome:
    """Keep the chats of an uploaded file: ours, ChatGPT's or Open WebUI's."""
    data = await asyncio.to_thread(act.file("path").read_bytes)
    imported = await asyncio.to_thread(read_chats, data)
    own = act.own
    for whole in imported.chats:
        own.take_in(whole.chat, whole.messages)
    count = len(imported.chats)
    said = f"{count:,} {'chat was' if count == 1 else 'chats were'} taken in. {imported.left_out}"
    return Outcome(draw=(LIST,), notice_html=note_html(said.strip()))


async def branch(act: Act) -> Outcome:
    """Begin a new chat with what is shown up to a message."""
    chat, own, end = act.chat, act.own, act.number("message")
    tree = own.tree(chat.id)
    if end not in tree.messages:
        raise UnsupportedInputError("That message is in another chat.")
    like = KeptChat(
        id="",
        title=f"{chat.title or UNTITLED} (branch)",
        titled_by="person",
        folder=chat.folder,
        settings=settings_of(act.options),
        shown=end,
    )
    act.page.look_at(own.take_in(like, tree.path(end)).id)
    return Outcome(draw=(LIST, LOG, COMPOSER), for_composer=FOCUS)


def _deleted(chat: KeptChat) -> str:
    title = escape(chat.title or UNTITLED)
    return (
        f'<div class="q-line q-note q-passing" role="status">Deleted “{title}”. '
        f'<button type="button" class="q-b" data-act="restore" data-chat="{chat.id}">Undo</button></div>'
    )
