"""What happens on the Models tab: who may, what is asked of the manager, and what is said of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from configs.catalogue import ModelCard
from ui.core.callers import caller_of
from ui.core.render import error_html, note_html
from ui.core.titles import chosen_words
from workers.client import CPU, Client, DeviceMemory
from workers.flows.benchmark.running import BenchmarkRunner
from workers.messages.amounts import memory_words
from workers.messages.errors import UnsupportedInputError
from workers.messages.standing import Standing
from workers.models.found.finding import is_found_name
from workers.models.manager import Reach
from workers.models.tuning.run_settings import physical_cores

from .proposal import proposal_html
from .state import ModelsState
from .view import models_html

ACTION = "manage its models"


class ModelHandlers:
    """What happens on the tab; holds no state of any browser."""

    def __init__(self, client: Client, benchmarks: BenchmarkRunner) -> None:
        self._client = client
        self._manager = client.manager
        self._setup = client.setup
        self._benchmarks = benchmarks
        self._actions: dict[str, Callable[[str], str]] = {
            "download": self._download,
            "resume": self._download,
            "accept": self._accept,
            "pause": self._pause,
            "use": self._use,
            "remove": self._remove,
            "add": self._add_found,
            "benchmark": self._measure,
            "benchmark-stop": self._stop_measuring,
            "set-start": lambda _: self._fetch_set(),
            "set-accept": lambda _: self._fetch_set(accept_license=True),
            "set-pause": lambda _: self._pause_set(),
        }

    def on_open(self, request: gr.Request) -> tuple[Any, Any]:
        """Say who manages the models, to who does not; show the fold to who does."""
        refusal = caller_of(request).refusal(ACTION)
        return note_html(refusal) if refusal else gr.skip(), gr.Accordion(visible=not refusal)

    async def on_look(self, sent: str, request: gr.Request) -> tuple[Any, Any]:
        """Show the present state, if this browser tab does not show it already."""
        try:
            html = await self._listing(caller_of(request))
        except Exception as err:  # noqa: BLE001 — the edge of the page
            html = error_html(err)
        return (gr.skip(), gr.skip()) if html == sent else (html, html)

    async def on_act(self, event: gr.EventData, request: gr.Request) -> tuple[str, str, str]:
        """Do what a button asks for, and say so."""
        asked = event._data or {}
        caller = caller_of(request)
        try:
            caller.check(ACTION)
            action = self._actions.get(str(asked.get("action")))
            if action is None:
                raise UnsupportedInputError(f"There is no action {asked.get('action')!r}.")
            said = await asyncio.to_thread(action, str(asked.get("id")))
            status = note_html(said) if said else ""
        except Exception as err:  # noqa: BLE001 — the edge of the page
            status = error_html(err)
        html = await self._listing(caller, fresh=True)
        return status, html, html

    async def on_propose(
        self, what: str, kind: str, price: str, request: gr.Request
    ) -> tuple[str, Any, Any]:
        """Say what a model is, before anything of it is fetched."""
        caller = caller_of(request)
        try:
            caller.check(ACTION)
            reach: Reach = "page" if caller.is_here else "web"
            card = await asyncio.to_thread(
                self._manager.propose,
                what or "",
                modality=kind or "",
                price=price or "",
                reach=reach,
            )
            status = await asyncio.to_thread(self._manager.proposed, card)
            widths = await asyncio.to_thread(self._manager.quantizations, card)
            html = proposal_html(status, widths)
        except Exception as err:  # noqa: BLE001 — the edge of the page
            return error_html(err), None, gr.Button(visible=False)
        return html, card, gr.Button(visible=True)

    async def on_add(self, card: ModelCard | None, request: gr.Request) -> tuple[Any, ...]:
        """Let the model that was looked at be asked for."""
        nothing = (None, gr.Button(visible=False))
        caller = caller_of(request)
        try:
            caller.check(ACTION)
            if card is None:
                raise UnsupportedInputError("Name a model and press Check first.")
            added = await asyncio.to_thread(self._manager.add, card)
        except Exception as err:  # noqa: BLE001 — the edge of the page
            return error_html(err), *nothing, gr.skip(), gr.skip()
        html = await self._listing(caller, fresh=True)
        is_next = "download" in added.actions
        next_step = "download it below" if is_next else "it can be used at once"
        return note_html(f"Added {card.name}: {next_step}."), *nothing, html, html

    async def _listing(self, caller: Standing, *, fresh: bool = False) -> str:
        """Return the rows, with buttons for who may press them."""
        return await asyncio.to_thread(self._listing_now, caller, fresh=fresh)

    def _listing_now(self, caller: Standing, *, fresh: bool) -> str:
        may_change = caller.is_admin
        rows = self._manager.statuses(fresh=fresh)
        devices = self._client.status().memory.devices
        return models_html(
            ModelsState(
                rows=rows if may_change else [replace(row, actions=()) for row in rows],
                left_out=self._manager.left_out,
                advice=self._manager.advice if may_change else (),
                found=self._manager.found() if may_change else (),
                setup=self._setup.progress(),
                results=self._benchmarks.results(),
                benchmark=self._benchmarks.state,
                totals_mib={device.device: device.total_mib for device in devices},
                machine=machine_words(devices),
                may_change=may_change,
            )
        )

    def _download(self, model_id: str) -> str:
        """Returns the line above the list, as all of these do; "" where the row says it. Raises: AppError."""
        self._manager.pull(model_id)
        return ""

    def _accept(self, model_id: str) -> str:
        card = self._manager.pull(model_id, accept_license=True)
        return f"You accepted {card.license} for {card.name}."

    def _pause(self, model_id: str) -> str:
        name = self._manager.pause(model_id).card.name
        return f"{name} is paused; what has arrived is kept."

    def _measure(self, model_id: str) -> str:
        self._benchmarks.start(model_id)
        return ""

    def _stop_measuring(self, _model_id: str) -> str:
        self._benchmarks.stop()
        return ""

    def _fetch_set(self, *, accept_license: bool = False) -> str:
        self._setup.start(accept_license=accept_license)
        return ""

    def _pause_set(self) -> str:
        self._setup.pause()
        return "The set for this machine is paused; what has arrived is kept."

    def _use(self, model_id: str) -> str:
        return chosen_words(self._setup.choose(model_id))

    def _add_found(self, name: str) -> str:
        """Add a model that another program keeps here, by the name in the list."""
        if not is_found_name(name):
            raise UnsupportedInputError(f"{name!r} is no model of another program.")
        card = self._manager.propose(name)
        self._manager.add(card)
        return f"Added {card.name}; it is used where it lies, and its name here is {card.id}."

    def _remove(self, model_id: str) -> str:
        removed = self._manager.remove(model_id)
        return f"Deleted {removed.card.name}: {memory_words(removed.freed_mib)} are free again."


def machine_words(devices: Sequence[DeviceMemory]) -> str:
    """Return "2 cores, 20.3 GB, no graphics card"."""
    ram = next((memory_words(one.total_mib) for one in devices if one.device == CPU), "")
    cards = [f"{one.name} of {memory_words(one.total_mib)}" for one in devices if one.device != CPU]
    cores = physical_cores() or 1
    parts = [
        f"{cores} core{'s' * (cores > 1)}",
        ram,
        " and ".join(cards) or "no graphics card",
    ]
    return ", ".join(filter(None, parts))
