"""Whether a chat may have this machine's own tools called: Python files and MCP servers are its admin's."""

from __future__ import annotations

from dataclasses import replace

from ui.text.composer.switch_state import SwitchState
from workers.flows.turns.chat_tools import ChatTools
from workers.flows.turns.options import TurnOptions
from workers.messages.standing import Standing
from workers.tools.toolbox import is_own

FOR_ADMINS = "for an admin of this machine only"
LEFT_OUT = "Tools of this machine are not used: they are {why}"


def has_leave(caller: Standing, tools: ChatTools | None) -> bool:
    """Whether a caller's chats may call this machine's own tools."""
    return caller.is_admin or (tools is not None and tools.settings.for_all)


def within_leave(options: TurnOptions) -> tuple[TurnOptions, tuple[str, ...]]:
    """Return the options of somebody without that leave, and what is to be said of it."""
    kept = tuple(name for name in options.tools if not is_own(name))
    if kept == tuple(options.tools):
        return options, ()
    return options.model_copy(update={"tools": kept}), (LEFT_OUT.format(why=FOR_ADMINS),)


def state_within_leave(state: SwitchState) -> SwitchState:
    """Return how the switch of tools stands for somebody without that leave."""
    if state.key != "tools":
        return state
    choices = tuple(
        replace(choice, is_offered=False, note=FOR_ADMINS) if is_own(choice.value) else choice
        for choice in state.choices
    )
    return replace(state, choices=choices)
