"""The Models tab: what there is, what is here, what fits; get, use, measure, add and delete."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.context import get_render_context

from configs.settings import Settings
from ui.core.events import LIGHT
from ui.core.page_chats import PageChats
from workers.client import Client
from workers.flows.benchmark.running import BenchmarkRunner
from workers.models.benchmarks.book import BenchmarkBook

from .handlers import ModelHandlers
from .layout import AddingParts, layout_adding, layout_head, layout_list


def build_models_tab(client: Client, settings: Settings, _chats: PageChats) -> None:
    """Lay out the tab and wire it."""
    tab = get_render_context()
    benchmarks = BenchmarkRunner(client, BenchmarkBook(settings.data_dir))
    handlers = ModelHandlers(client, benchmarks)
    layout_head()
    status = gr.HTML("", elem_classes="q-status", elem_id="models-status", padding=False)
    adding = layout_adding()
    listing = layout_list()
    sent = gr.State("")
    shown = {"outputs": [listing, sent], **LIGHT}
    listing.act(handlers.on_act, None, [status, listing, sent], **LIGHT)
    listing.look(handlers.on_look, sent, **shown)
    if isinstance(tab, gr.Tab):
        tab.select(handlers.on_look, sent, **shown)
        tab.select(handlers.on_open, None, [status, adding.fold], **LIGHT)
    _wire_adding(handlers, adding, [listing, sent])


def _wire_adding(handlers: ModelHandlers, parts: AddingParts, shown: list[Any]) -> None:
    outputs = [parts.found, parts.proposed, parts.add]
    event = {"show_progress": "minimal", "api_visibility": "private", "concurrency_limit": 4}
    gr.on(
        [parts.look.click, parts.what.submit],
        handlers.on_propose,
        [parts.what, parts.kind, parts.price],
        outputs,
        **event,
    )
    parts.add.click(handlers.on_add, parts.proposed, [*outputs, *shown], **event)
