"""The Models tab: what there is, what is here, what fits; download, choose, add and remove."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from gradio.context import get_render_context

from configs.catalogue import ModelCard
from configs.settings import Settings
from ui.callers import caller_of
from ui.models_stand import Stand
from ui.models_view import LOADING, TITLES, ModelRow, models_html, proposal_html
from ui.render import error_html, note_html
from ui.theme import ASSETS
from workers.client import Client
from workers.messages.errors import UnsupportedInputError
from workers.models import importing as adding
from workers.models.downloads.download import is_downloadable
from workers.models.downloads.manager import DownloadManager
from workers.standing import Standing

ACTION = "manage its models"
ADD_HINT = "maker/repository, maker/repository:file.gguf, https://…/model.gguf, or a file or folder"
_LIGHT = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def build_models_tab(client: Client, settings: Settings) -> None:
    """Lay the tab out and wire it."""
    tab = get_render_context()
    desk = DownloadManager(settings.data_dir, settings.hub)
    handlers = _Handlers(client, settings, desk)
    status = gr.HTML(
        "",
        elem_classes="q-status",
        elem_id="models-status",
        padding=False,
    )
    adding_parts = _lay_out_adding()
    listing = gr.HTML(
        LOADING,
        html_template=_shell(),
        js_on_load=(ASSETS / "models.js").read_text(encoding="utf-8"),
        elem_id="models-list",
        padding=False,
    )
    sent = gr.State("")
    shown = {"outputs": [listing, sent], **_LIGHT}
    listing.act(handlers.on_act, None, [status, listing, sent], **_LIGHT)
    listing.look(handlers.on_look, sent, **shown)
    if isinstance(tab, gr.Tab):
        tab.select(handlers.on_look, sent, **shown)
        tab.select(handlers.on_open, None, [status, adding_parts.fold], **_LIGHT)
    _wire_adding(handlers, adding_parts, [listing, sent])


def _shell() -> str:
    """Return what stands around the list and is never redrawn."""
    chips = "".join(
        f'<button type="button" class="q-models-chip" data-modality="{name}" '
        f'aria-pressed="{"false" if name else "true"}">{title}</button>'
        for name, title in {"": "All", **TITLES}.items()
    )
    return (
        f'<div class="q-models-bar"><div class="q-models-chips" role="group" '
        f'aria-label="Show models for">{chips}</div>'
        '<input type="search" class="q-models-search" placeholder="Search by name, maker or licence" '
        'aria-label="Search models"><label class="q-models-only">'
        '<input type="checkbox" class="q-models-here"> Only those here</label></div>'
        f'<div class="q-models-list" aria-live="off">{LOADING}</div>'
        '<p class="q-empty q-models-none" hidden>No model like this. Try another word, or add one '
        "above by its name on the hub.</p>"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Adding:
    """What stands in the fold "Add a model", which opens to an admin."""

    fold: Any
    what: Any
    kind: Any
    look: Any
    found: Any
    proposed: Any
    add: Any


def _lay_out_adding() -> _Adding:
    with gr.Accordion("Add a model", open=False, visible=False, elem_id="models-add") as fold:
        with gr.Row():
            what = gr.Textbox(
                label="A repository of the hub, an address, or a file or folder of this machine",
                placeholder=ADD_HINT,
                max_lines=1,
                scale=4,
                elem_id="models-what",
            )
            kind = gr.Dropdown(
                [("What it is made for", ""), *((title, name) for name, title in TITLES.items())],
                value="",
                label="Use it for",
                scale=1,
                min_width=200,
                elem_id="models-kind",
            )
        look = gr.Button("Look at it", elem_id="models-look")
        found = gr.HTML(elem_id="models-found", padding=False)
        add = gr.Button("Add it", visible=False, variant="primary", elem_id="models-add-it")
    return _Adding(
        fold=fold, what=what, kind=kind, look=look, found=found, proposed=gr.State(None), add=add
    )


def _wire_adding(handlers: _Handlers, parts: _Adding, shown: list[Any]) -> None:
    outputs = [parts.found, parts.proposed, parts.add]
    event = {"show_progress": "minimal", "api_visibility": "private", "concurrency_limit": 4}
    gr.on(
        [parts.look.click, parts.what.submit],
        handlers.on_propose,
        [parts.what, parts.kind],
        outputs,
        **event,
    )
    parts.add.click(handlers.on_add, parts.proposed, [*outputs, *shown], **event)


class _Handlers:
    """What happens on the tab; holds no state of any browser."""

    def __init__(self, client: Client, settings: Settings, desk: DownloadManager) -> None:
        self._client = client
        self._settings = settings
        self._desk = desk
        self._stand = Stand(client, settings, desk)

    def on_open(self, request: gr.Request) -> tuple[Any, Any]:
        """Say who manages the models, to who does not; show the fold to who does."""
        refusal = caller_of(request).refusal(ACTION)
        return note_html(refusal) if refusal else gr.skip(), gr.Accordion(visible=not refusal)

    async def on_look(self, sent: str, request: gr.Request) -> tuple[Any, Any]:
        """Show how it stands, if that is not what this browser tab shows already."""
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
            status = await asyncio.to_thread(
                self._act, str(asked.get("action")), str(asked.get("id"))
            )
        except Exception as err:  # noqa: BLE001 — the edge of the page
            status = error_html(err)
        html = await self._listing(caller, fresh=True)
        return status, html, html

    async def on_propose(self, what: str, kind: str, request: gr.Request) -> tuple[str, Any, Any]:
        """Say what a model is, before anything of it is fetched."""
        caller = caller_of(request)
        try:
            caller.check(ACTION)
            reach: adding.Reach = "page" if caller.is_here else "web"
            card = await asyncio.to_thread(
                adding.propose, what or "", self._settings.hub, modality=kind or "", reach=reach
            )
        except Exception as err:  # noqa: BLE001 — the edge of the page
            return error_html(err), None, gr.Button(visible=False)
        row = self._stand.row(card)
        plain = ModelRow(card=card, state="absent", plan=row.plan)
        return proposal_html(plain), card, gr.Button(visible=True)

    async def on_add(self, card: ModelCard | None, request: gr.Request) -> tuple[Any, ...]:
        """Let the model that was looked at be asked for."""
        nothing = (None, gr.Button(visible=False))
        caller = caller_of(request)
        try:
            caller.check(ACTION)
            if card is None:
                raise UnsupportedInputError("Look at a model first.")
            await asyncio.to_thread(self._add, card)
        except Exception as err:  # noqa: BLE001 — the edge of the page
            return error_html(err), *nothing, gr.skip(), gr.skip()
        html = await self._listing(caller, fresh=True)
        next_step = "download it below" if is_downloadable(card) else "it can be used at once"
        return note_html(f"Added {card.name}: {next_step}."), *nothing, html, html

    async def _listing(self, caller: Standing, *, fresh: bool = False) -> str:
        """Return the rows, with buttons for who may press them."""
        rows = await asyncio.to_thread(self._stand.rows, fresh=fresh)
        return models_html(rows if caller.is_admin else [replace(row, actions=()) for row in rows])

    def _add(self, card: ModelCard) -> None:
        models = self._client.models
        taken = {known.id: known.source for known in models.known()}
        adding.save(card, self._settings.data_dir, taken)
        models.renew()

    def _act(self, action: str, model_id: str) -> str:
        """Returns the line above the list. Raises: AppError."""
        card = self._client.models.get(model_id)
        match action:
            case "download" | "resume":
                self._desk.start(card)
                return note_html(f"Downloading {card.name}. It goes on if this page is closed.")
            case "accept":
                self._desk.start(card, accept_license=True)
                return note_html(f"Downloading {card.name}; you accepted {card.license}.")
            case "pause":
                self._desk.pause(card)
                return note_html(f"{card.name} is paused; what has arrived is kept.")
            case "use":
                return self._use(card)
            case "remove":
                return self._remove(card)
        raise UnsupportedInputError(f"There is no action {action!r}.")

    def _use(self, card: ModelCard) -> str:
        models = self._client.models
        models.available(card.id, card.modality)
        models.use(card.modality, card.id)
        self._client.warm(card.modality)
        return note_html(f"{TITLES[card.modality]} now uses {card.name}, until Quintet ends.")

    def _remove(self, card: ModelCard) -> str:
        models = self._client.models
        if any(models.default(modality).id == card.id for modality in models.modalities):
            raise UnsupportedInputError(f"{card.name} is in use.", "Choose another model first.")
        loaded = self._client.loaded(card.modality)
        if loaded is not None and loaded.id == card.id:
            self._client.sleep(card.modality)
        freed = self._desk.remove(card) if is_downloadable(card) else 0
        if adding.forget(card, self._settings.data_dir):
            models.renew()
        return note_html(f"Removed {card.name}: {freed >> 20:,} MiB are free again.")
