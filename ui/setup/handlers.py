"""What the line of the first minutes does: shows how far it is, starts, pauses, and undoes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import gradio as gr

from ui.core.callers import caller_of
from ui.core.render import error_html
from workers.messages.errors import UnsupportedInputError
from workers.messages.standing import Standing
from workers.models.setup.running import ModelSetup

from .view import setup_html

ACTION = "manage its models"


class SetupHandlers:
    """One method per event; holds no state of any browser."""

    def __init__(self, setup: ModelSetup) -> None:
        self._setup = setup
        self._actions: dict[str, Callable[[], object]] = {
            "start": setup.start,
            "resume": setup.start,
            "retry": setup.start,
            "accept": lambda: setup.start(accept_license=True),
            "pause": setup.pause,
            "decline": setup.decline,
            "close": setup.decline,
            "undo": setup.undo,
        }

    async def on_look(self, sent: str, request: gr.Request) -> tuple[Any, Any]:
        """Show the present state, if this browser tab does not show it already."""
        html = await self._line(caller_of(request))
        return (gr.skip(), gr.skip()) if html == sent else (html, html)

    async def on_act(self, event: gr.EventData, request: gr.Request) -> tuple[str, str]:
        """Do what a button asks for."""
        caller = caller_of(request)
        refusal = ""
        try:
            caller.check(ACTION)
            asked = str((event._data or {}).get("action"))
            if asked not in self._actions:
                raise UnsupportedInputError(f"There is no action {asked!r}.")
            await asyncio.to_thread(self._actions[asked])
        except Exception as err:  # noqa: BLE001 — the edge of the page
            refusal = error_html(err)
        html = refusal + await self._line(caller)
        return html, html

    async def _line(self, caller: Standing) -> str:
        try:
            progress = await asyncio.to_thread(self._setup.progress)
        except Exception as err:  # noqa: BLE001 — the edge of the page
            return error_html(err)
        return setup_html(progress, may_change=caller.is_admin)
