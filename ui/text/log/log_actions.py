"""What can be done with questions and answers: the log's actions, and the composer's Send and Stop."""

from __future__ import annotations

import asyncio

from ui.text.act import COMPOSER, LIST, LOG, OPTIONS, Act, Outcome
from ui.text.attached.attaching import kept_files
from ui.text.open_page import WINDOW
from ui.text.personas.worn import worn
from workers.chats.records import Message
from workers.flows.turns.options import TurnOptions, settings_of
from workers.messages.errors import NotFoundError, UnsupportedInputError

CHAT = (LIST, LOG, COMPOSER)
RELOAD = "load a model anew"
FOCUS = {"focus": True, "to_end": True}


async def send(act: Act) -> Outcome:
    """Ask what is in the composer; in the middle of an answer, after it."""
    text, page = act.text("text"), act.page
    if not text.strip() and not act.sent.get("files"):
        return Outcome(for_composer=FOCUS)
    own, files = act.own, await kept_files(act)
    if page.chat is None:
        page.look_at(own.create(settings=dict(page.settings)).id)
    chat, options = act.chat, act.options
    save_options(act, settings_of(options))  # as the persona is now: it may be gone the next time
    runner = act.chats.runner
    before = runner.of_message(chat.id, chat.shown) if chat.shown is not None else None
    parent = _end_of(act)
    details = {"files": files} if files else {}
    question = own.add_question(chat.id, parent, text.strip("\n"), details)
    runner.answer(own, chat.id, question, options, after=before)
    page.epoch += 1
    return Outcome(draw=CHAT, for_composer={**FOCUS, "sent": text})


def _end_of(act: Act) -> int | None:
    """Return the answer that a new question follows: a question without one gets siblings instead."""
    chat = act.chat
    if chat.shown is None:
        return None
    last = act.own.tree(chat.id).messages[chat.shown]
    return last.parent if last.role == "user" else last.id


async def stop(act: Act) -> Outcome:
    """End what is being written in the open chat; what waits for it goes on."""
    for turn in act.chats.runner.of_chat(act.chat.id)[:1]:
        turn.stop()
    return Outcome(for_composer={"focus": True})


async def answer(act: Act) -> Outcome:
    """Answer a question that has no answer yet."""
    question = named_message(act, "user")
    act.chats.runner.answer(act.own, act.chat.id, question.id, act.options)
    return _begun(act)


async def retry(act: Act) -> Outcome:
    """Answer a question once more; the older answer stays reachable."""
    return begin_again(act, act.options)


def begin_again(act: Act, options: TurnOptions) -> Outcome:
    """Answer the question of the answer that was named once more. Raises: AppError."""
    old = named_message(act, "assistant")
    if old.parent is None:
        raise UnsupportedInputError("This answer has no question that could be asked again.")
    act.chats.runner.answer(act.own, act.chat.id, old.parent, options)
    return _begun(act)


async def go_on(act: Act) -> Outcome:
    """Let the model go on where its answer broke off."""
    act.chats.runner.go_on(act.own, act.chat.id, named_message(act, "assistant").id, act.options)
    return _begun(act)


async def edit(act: Act) -> Outcome:
    """A changed question is asked; a changed answer is what the model believes it said."""
    text, chat = act.text("text").strip("\n"), act.chat
    old = named_message(act)
    if not text.strip():
        raise UnsupportedInputError("A message cannot be empty.", "Write something, or cancel.")
    if old.role == "user":
        question = act.own.add_question(chat.id, old.parent, text, old.details)
        act.chats.runner.answer(act.own, chat.id, question, act.options)
    else:
        act.own.add_answer(chat.id, old.parent, text, {"edited": True})
    return _begun(act)


async def show(act: Act) -> Outcome:
    """See another version of a message, and what followed it."""
    chat, message = act.chat, named_message(act)
    act.own.show(chat.id, act.own.tree(chat.id).end_below(message.id))
    return _begun(act)


async def earlier(act: Act) -> Outcome:
    """See more of the chat's beginning."""
    act.page.window += WINDOW
    act.page.epoch += 1
    return Outcome(draw=(LOG,))


async def redraw(act: Act) -> Outcome:
    """Draw what is seen once more: something older came after it."""
    act.page.epoch = max(act.page.epoch, act.number("epoch"))
    act.page.layers = None  # both logs: nobody knows which of them the older one has drawn
    return Outcome(draw=CHAT, notice_html=None)


async def reload(act: Act) -> Outcome:
    """Load the model with the longer context that was offered, and ask again."""
    act.caller.check(RELOAD)
    offer = named_message(act, "assistant").details.get("offer")
    if not isinstance(offer, dict):
        raise UnsupportedInputError("No longer context was offered here.")
    use = act.client.manager.use
    await asyncio.to_thread(use, str(offer.get("model")), int(offer.get("context_tokens", 0)))
    return await retry(act)


async def switch_to(act: Act) -> Outcome:
    """Turn one of the composer's switches."""
    from ui.text.composer.switches import BY_KEY

    key = act.text("key")
    if key not in BY_KEY:
        raise UnsupportedInputError(f"There is no switch {key!r}.")
    save_options(act, settings_of(BY_KEY[key].write(act.options, act.sent.get("value"))))
    return Outcome(
        draw=(COMPOSER, OPTIONS), for_composer={"focus": True} if act.sent.get("is_last") else None
    )


def save_options(act: Act, settings: dict[str, object]) -> None:
    """Answer the open chat so from now on, or the one that is to begin; a persona says its part."""
    settings = settings_of(worn(act.client, act.owner, settings)[0])
    if act.page.chat is None:
        act.page.settings = settings
    else:
        act.own.set_settings(act.page.chat, settings)


def _begun(act: Act) -> Outcome:
    act.page.epoch += 1
    return Outcome(draw=CHAT, for_composer=FOCUS)


def named_message(act: Act, role: str = "") -> Message:
    """Return the message that was named. Raises: NotFoundError if it is not of the open chat."""
    found = act.own.tree(act.chat.id).messages.get(act.number("message"))
    if found is None or (role and found.role != role):
        raise NotFoundError("There is no such message in this chat.")
    return found
