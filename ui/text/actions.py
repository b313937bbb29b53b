"""Every action of the Text tab by its name: the one table that a new one enters.

An element with `data-act="name"` anywhere in the tab begins it; all its other `data-…` are sent along.
"""

from __future__ import annotations

from collections.abc import Mapping

from ui.text.attached import attached_actions
from ui.text.composer.dictation import dictate
from ui.text.flows.flow_actions import vote_for, write_article
from ui.text.log import log_actions
from ui.text.personas import persona_actions
from ui.text.sidebar import list_actions
from ui.text.tools import tool_actions

from .act import Action

ACTIONS: Mapping[str, Action] = {
    "new": list_actions.new,
    "private": list_actions.private,
    "open": list_actions.open_chat,
    "search": list_actions.search,
    "rename": list_actions.rename,
    "pin": list_actions.pin,
    "move": list_actions.move,
    "rename-folder": list_actions.rename_folder,
    "delete": list_actions.delete,
    "restore": list_actions.restore,
    "take-in": list_actions.take_in,
    "branch": list_actions.branch,
    "send": log_actions.send,
    "stop": log_actions.stop,
    "answer": log_actions.answer,
    "retry": log_actions.retry,
    "go-on": log_actions.go_on,
    "edit": log_actions.edit,
    "show": log_actions.show,
    "earlier": log_actions.earlier,
    "redraw": log_actions.redraw,
    "reload": log_actions.reload,
    "switch": log_actions.switch_to,
    "vote": vote_for,
    "write-article": write_article,
    "dictate": dictate,
    "look-for-collections": attached_actions.look_for_collections,
    "anyway": attached_actions.anyway,
    "shorten": attached_actions.shorten,
    "personas": persona_actions.open_sheet,
    "persona": persona_actions.change,
    "preset": persona_actions.use_preset,
    "preset-keep": persona_actions.keep_preset,
    "preset-delete": persona_actions.delete_preset,
    "preset-restore": persona_actions.restore_preset,
    "look-for-tools": tool_actions.look_for_tools,
    "decide": tool_actions.decide,
    "open-schema": tool_actions.open_schema,
    "set-schema": tool_actions.set_schema,
    "close-schema": tool_actions.close_schema,
}

LONG = frozenset({"dictate", "reload", "take-in", "look-for-tools"})
"""Those that take seconds: what is done after them does not wait."""
