"""What each part of the tab shows, from the store and the answers that are being written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from typing import Any

import gradio as gr

from ui.core.icons import icon
from ui.core.request import Update
from ui.text.attached.attaching import attach_state
from ui.text.composer.fullness import context_line
from ui.text.composer.options_drawer import drawer_values
from ui.text.composer.presets import presets_html
from ui.text.composer.switch_state import SwitchState
from ui.text.composer.switches import states_of
from ui.text.log.log_rows import rows_of
from ui.text.personas.worn import name_of, personas_of
from ui.text.sidebar.chat_list import found_html, list_html
from ui.text.tools.leave import state_within_leave
from workers.chats.records import KeptChat
from workers.flows.turns.turn import Turn
from workers.messages.errors import NotFoundError

from .act import LIST, LOG, OPTIONS, Act
from .exchanges import Exchange, exchanges_of, layers_of, with_live
from .layout import ChatParts


def drawn(parts: ChatParts, act: Act, names: Iterable[str]) -> Update:
    """Return some parts of the tab as they are now."""
    update: Update = {}
    if LIST in names:
        update[parts.list] = chats_html(act)
    if LOG in names:
        update |= log(parts, act)
    if OPTIONS in names:
        update |= dict(
            zip(parts.options, drawer_values(act.client.card("text"), act.options), strict=True)
        )
        update[parts.presets] = presets(act)
    return update


def chats_html(act: Act) -> str:
    """Return the list of chats, or what the search has found."""
    own, page = act.chats.of(act.owner), act.page
    open_chat = None if page.is_private else page.chat
    if page.query:
        return found_html(own.search(page.query), open_chat)
    zone = timezone(timedelta(minutes=page.timezone_min))
    note = act.chats.why_not_kept(act.owner)
    return list_html(own.all(), open_chat, datetime.now(zone), note)


def log(parts: ChatParts, act: Act) -> Update:
    """Return the log; the upper part of it only if it has changed.

    What came earlier may be long, and the last exchanges are all that changes while one asks on.
    """
    page, exchanges, before = act.page, seen(act), act.page.layers
    page.drawn, page.live_key = state_of(act), None
    page.layers = now = layers_of(exchanges, page.window, before)
    update: Update = {
        parts.live: rows_of(now.live),
        parts.empty: gr.Column(visible=not exchanges),
    }
    if before is None or (before.begin, before.kept) != (now.begin, now.kept):
        update[parts.kept] = rows_of(now.kept)
        update[parts.earlier] = gr.HTML(_earlier(now.begin), visible=now.begin > 0)
    return update


def live_rows(act: Act) -> list[dict[str, Any]]:
    """Return what could still change when the log was drawn, as it is now.

    Called for every piece of an answer: the chat, which may be long, is read once for each answer.
    """
    page, turns = act.page, running(act)
    key = page.chat, page.epoch, tuple(turn.answer.message.id for turn in turns)
    if page.live_key != key:
        first = page.layers.first if page.layers is not None else 0
        page.live, page.live_key = seen(act)[first:], key
    return rows_of(with_live(page.live, {turn.answer.message.id: turn.answer for turn in turns}))


def seen(act: Act) -> tuple[Exchange, ...]:
    """Return what the open chat shows."""
    if act.page.chat is None:
        return ()
    chat = act.chat
    turns = act.chats.runner.shown_in(chat.id)
    live = {turn.answer.message.id: turn.answer for turn in turns}
    return exchanges_of(act.own.tree(chat.id), chat.shown, live)


def running(act: Act) -> tuple[Turn, ...]:
    """Return the answers that are being written in the open chat, oldest first."""
    return act.chats.runner.of_chat(act.page.chat) if act.page.chat is not None else ()


def state_of(act: Act) -> object:
    """Return what the log is drawn from, as far as another tab may change it; None: a chat that has gone."""
    if act.page.chat is None:
        return ""
    try:
        chat = act.chat
    except NotFoundError:
        return None
    return chat.id, chat.shown, chat.changed_s, chat.is_running


def composer(act: Act, extra: Mapping[str, Any] | None = None) -> str:
    """Return what the composer's script draws and does, as JSON."""
    chat = _chat(act)
    state = {
        "chat": act.page.chat,
        "title": chat.title if chat is not None else "",
        "is_pinned": chat is not None and chat.is_pinned,
        "folder": chat.folder if chat is not None else "",
        "epoch": act.page.epoch,
        "is_private": act.page.is_private,
        "is_running": bool(running(act)),
        "switches": [{**asdict(state), "icon": icon(state.icon)} for state in switch_states(act)],
        "line": line(act),
        "context": context_line(act),
        "attach": attach_state(act.client, act.options),
        **(extra or {}),
    }
    return json.dumps(state)


def switch_states(act: Act) -> tuple[SwitchState, ...]:
    """Return how the composer's switches stand for the caller."""
    states = states_of(act.client, act.options, act.owner)
    return states if act.has_leave else tuple(map(state_within_leave, states))


def presets(act: Act) -> str:
    """Return the drawer's presets of sampling."""
    own = personas_of(act.client, act.owner).presets
    return presets_html(own.all(), act.options.sampling)


def line(act: Act) -> str:
    """Return what stands below the composer: what a message goes to."""
    options, notes = act.wishes
    private = ["Private chat: nothing of it is kept"] if act.page.is_private else []
    return " · ".join([f"{name_of(options)} persona", *private, *notes])


def _chat(act: Act) -> KeptChat | None:
    try:
        return act.chat
    except NotFoundError:
        return None


def _earlier(count: int) -> str:
    messages = "message" if count == 1 else "messages"
    return (
        '<div class="q-earlier"><button type="button" class="q-b" data-act="earlier">'
        f"Show earlier {messages} ({count:,} more)</button></div>"
    )
