"""The model chip at the top of each tab: which model works there, and a click to another one."""

from __future__ import annotations

import asyncio
from typing import Any

import gradio as gr

from ui.core.callers import caller_of
from ui.core.events import LIGHT, QUIET
from ui.core.model_chip_view import ChipState, chip_html, is_demo
from ui.core.render import error_html
from ui.core.theme import ASSETS
from workers.client import Client
from workers.messages import Modality
from workers.messages.errors import AppError, UnsupportedInputError
from workers.messages.standing import Standing
from workers.models.manager import ModelStatus

ACTION = "manage its models"


class ModelChipHandlers:
    """One method per event; holds no state of any browser."""

    def __init__(self, client: Client, modality: Modality) -> None:
        self._client = client
        self._modality = modality

    async def on_look(self, sent: str, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
        """Show the model, and unfolded the choices, if this browser tab does not show that already."""
        is_open = bool((event._data or {}).get("open"))
        html = await self._chip(caller_of(request), is_open=is_open)
        return (gr.skip(), gr.skip()) if html == sent else (html, html)

    async def on_act(self, event: gr.EventData, request: gr.Request) -> tuple[str, str]:
        """Use the model that was clicked; one that is not here is fetched first."""
        caller = caller_of(request)
        asked = event._data or {}
        refusal = ""
        try:
            caller.check(ACTION)
            action, model_id = str(asked.get("action")), str(asked.get("id"))
            await asyncio.to_thread(self._act, action, model_id)
        except Exception as err:  # noqa: BLE001 — the edge of the page
            refusal = error_html(err)
        html = await self._chip(caller, is_open=False) + refusal
        return html, html

    def _act(self, action: str, model_id: str) -> None:
        """Raises: AppError."""
        if action == "use":
            self._client.setup.choose(model_id)
        elif action == "get":
            self._client.setup.get(model_id)
        else:
            raise UnsupportedInputError(f"There is no action {action!r}.")

    async def _chip(self, caller: Standing, *, is_open: bool) -> str:
        client, modality = self._client, self._modality
        rows = await asyncio.to_thread(client.manager.statuses) if is_open else ()
        card = client.card(modality)
        state = ChipState(
            modality=modality,
            card=card,
            better=await asyncio.to_thread(self._better) if is_demo(card) else None,
            rows=rows,
            recommended=client.setup.ids_for(modality) if is_open else (),
            coming=client.setup.on_the_way(modality),
            broken=self._broken(),
            not_kept=client.setup.not_kept(modality),
            may_change=caller.is_admin,
        )
        return chip_html(state)

    def _better(self) -> ModelStatus | None:
        """The first that is recommended for this machine."""
        best = next(iter(self._client.setup.ids_for(self._modality)), "")
        try:
            return self._client.manager.status(best) if best else None
        except (AppError, OSError):  # what cannot be looked at is not suggested
            return None

    def _broken(self) -> str:
        workers = self._client.status().workers
        failed = (
            one for one in workers if one.modality == self._modality and one.state == "failed"
        )
        return next((one.detail for one in failed), "")


def build_model_chip(client: Client, modality: Modality) -> None:
    """Lay out the chip and wire it; its script asks for it while the tab is seen."""
    handlers = ModelChipHandlers(client, modality)
    chip = gr.HTML(
        chip_html(ChipState(modality=modality, card=client.card(modality))),
        html_template='<div class="q-model-chip-frame"></div>',
        js_on_load=(ASSETS / "model_chip.js").read_text(encoding="utf-8"),
        elem_id=f"q-model-chip-{modality}",
        elem_classes=["q-model-chip-box", "q-sub"],
        container=False,
        padding=False,
    )
    sent = gr.State("")
    chip.look(handlers.on_look, sent, [chip, sent], **LIGHT)
    chip.act(handlers.on_act, None, [chip, sent], **QUIET)
