"""The Text tab: chats that last, on the server, whoever looks.

Everything that somebody does is an action (`ui.text.actions`); everything that is shown is drawn from
the store (`ui.text.draw`); what is being written is followed.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from configs.settings import Settings
from ui.core.events import LIGHT, QUIET
from ui.core.page_chats import PageChats
from workers.client import Client

from .handlers import ChatHandlers
from .layout import ChatParts, layout_chat

FOLLOWERS = 256
"""Answers that are followed at once, in all browsers: they only wait."""


def build_text_tab(client: Client, _settings: Settings, chats: PageChats) -> None:
    """Lay out the tab and wire it."""
    parts = layout_chat(client.card("text"))
    handlers = ChatHandlers(client, chats, parts)
    _wire_chat(parts, handlers)
    _wire_options(parts, handlers)


def _wire_chat(parts: ChatParts, handlers: ChatHandlers) -> None:
    """Actions, and what is drawn without one."""
    hands: Any = parts.hands
    outputs = parts.outputs()
    gr.on([gr.context.Context.root_block.load], handlers.on_load, parts.page, outputs, **LIGHT)
    # by default, Gradio drops what is clicked before the action before it has come back
    hands.act(handlers.on_act, parts.page, outputs, trigger_mode="multiple", **LIGHT)
    following = {"concurrency_id": "follow", "concurrency_limit": FOLLOWERS, **QUIET}
    # one that begins is not dropped because one of another chat has not noticed yet that it may end
    hands.follow(handlers.on_follow, parts.page, outputs, trigger_mode="multiple", **following)
    hands.look(handlers.on_look, [parts.page, parts.list], outputs, **LIGHT)


def _wire_options(parts: ChatParts, handlers: ChatHandlers) -> None:
    """The drawer, and what goes by the model that answers."""
    keep = {
        "outputs": [parts.composer, parts.notice, parts.presets],
        "trigger_mode": "always_last",
        **LIGHT,
    }
    for part in parts.options:
        part.input(handlers.on_drawer, [parts.page, *parts.options], **keep)
    parts.reset.click(handlers.on_reset, parts.page, [*parts.options, parts.presets], **LIGHT)
    fitted = [*parts.outputs(), parts.place, parts.about]
    parts.hands.fit(handlers.on_fit, parts.page, fitted, **LIGHT)
