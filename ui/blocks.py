"""The page: the tabs with the head around them, the memory sheet, the settings.

A new tab is a folder and one line here, in `TABS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

import gradio as gr
from fastapi import APIRouter, FastAPI
from starlette.requests import HTTPConnection

from configs.server_settings import ServerSettings
from configs.settings import Settings
from workers.client import Client
from workers.messages import MODALITIES

from .core.admin_login import CheckLogin, add_admin_login
from .core.browser_cookie import BrowserCookie
from .core.english import use_english
from .core.guard import ClosedDoors
from .core.model_chip import build_model_chip
from .core.page_chats import PageChats
from .core.quiet_end import EndingBlocks
from .core.quiet_queue import use_quiet_queue
from .core.sidebar import tab_with_sidebar
from .core.theme import ASSETS, build_theme, scripts, style_sheets
from .core.uploads import bound_uploads
from .endpoints import add_endpoints
from .head.head import build_head
from .memory.panel import build_memory_panel
from .setup.card import build_setup_card


@dataclass(frozen=True, slots=True)
class PageTab:
    """One tab of the page."""

    title: str
    id: str
    target: str
    """`module:function` that lays it out: `(Client, Settings, PageChats) -> None`, called inside its gr.Tab."""

    def build(self, client: Client, settings: Settings, chats: PageChats) -> None:
        """Lay it out. Raises: ImportError, AttributeError for a target that is not there."""
        resolve_name(self.target)(client, settings, chats)


TABS = (
    PageTab("Text", "text", "ui.text.tab:build_text_tab"),
    PageTab("Speech in", "stt", "ui.speech_in.tab:build_speech_in_tab"),
    PageTab("Speech out", "tts", "ui.speech_out.tab:build_speech_out_tab"),
    PageTab("Vision", "vision", "ui.vision.tab:build_vision_tab"),
    PageTab("RAG", "rag", "ui.documents.tab:build_documents_tab"),
    PageTab("Models", "models", "ui.models.tab:build_models_tab"),
)

MAX_WAITING = 256
"""Events of all browsers; one more is refused."""
CACHE_SWEEP_S = 3600
CACHE_AGE_S = 6 * 3600
"""Uploads and made files older than this are deleted, once per sweep."""


def build_ui(client: Client, settings: Settings, chats: PageChats) -> EndingBlocks:
    """Return the page. It talks to the workers through `client` and nothing else; `chats` outlive it."""
    use_quiet_queue()
    use_english()
    with EndingBlocks(
        title="Quintet",
        analytics_enabled=False,
        delete_cache=(CACHE_SWEEP_S, CACHE_AGE_S),
        fill_width=True,
    ) as page:
        with gr.Tabs(overflow_behavior="wrap", elem_id="q-tabs"):
            for tab in TABS:
                with gr.Tab(tab.title, id=tab.id, elem_id=f"tab-{tab.id}"), tab_with_sidebar():
                    _build_tab(tab, client, settings, chats)
        build_head(client)
        build_memory_panel(client)
        add_endpoints(client)
    page._queue.max_size = MAX_WAITING  # `queue` would make all of the page's routes once more
    return page


def _build_tab(tab: PageTab, client: Client, settings: Settings, chats: PageChats) -> None:
    if tab.id in MODALITIES:
        build_model_chip(client, tab.id)
    tab.build(client, settings, chats)
    if tab.id == TABS[0].id:
        build_setup_card(client, _column("chat-empty"))


def _column(elem_id: str) -> gr.Column:
    """Return a column that was laid out before. Raises: LookupError if there is none of this id."""
    page = gr.context.Context.root_block
    for block in page.blocks.values() if page is not None else ():
        if isinstance(block, gr.Column) and block.elem_id == elem_id:
            return block
    raise LookupError(f"The page has no column {elem_id!r}.")


def mount_ui(
    api: FastAPI,
    page: EndingBlocks,
    server: ServerSettings,
    check_login: CheckLogin,
    chat_router: APIRouter,
) -> FastAPI:
    """Serve the page at / of `api`, behind a login if a password or a key is set.

    `chat_router` comes from `ui.text.routes`.

    Who is logged in can be asked from `api.state.page_user(connection)`.
    """
    bound_uploads()
    api.include_router(chat_router)
    add_admin_login(api, check_login, has_admin_secret=server.has_admin_secret)
    mounted = _mount(api, page, server, check_login)
    gradio_app = mounted.routes[-1].app
    gradio_app.add_middleware(ClosedDoors)
    gradio_app.add_middleware(BrowserCookie)
    # launch() sets it, and a mounted page is never launched. Gradio looks at what it is told to serve
    # only from then on: without it, a handler could be made to give away any file.
    page.has_launched = True
    page.is_ending = lambda: api.state.drain.has_begun
    api.state.page = gradio_app
    api.state.page_user = page_user(gradio_app)
    return mounted


def _mount(api: FastAPI, page: gr.Blocks, server: ServerSettings, check_login: CheckLogin) -> Any:
    return gr.mount_gradio_app(
        api,
        page,
        path="/",
        server_name=server.host,
        server_port=server.port,
        auth=check_login if server.is_protected else None,
        footer_links=[],
        run_history=False,
        allowed_paths=[str(ASSETS)],
        show_error=True,
        max_file_size=int(server.max_upload_mib * 1024 * 1024),
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=True,
        theme=build_theme(),
        css_paths=style_sheets(),
        head=scripts(),
    )


def page_user(page: gr.routes.App) -> Callable[[HTTPConnection], str | None]:
    """Return a look-up of who is logged in in the browser that a connection comes from."""
    cookies = (f"access-token-{page.cookie_id}", f"access-token-unsecure-{page.cookie_id}")

    def look_up(connection: HTTPConnection) -> str | None:
        tokens = [connection.cookies[name] for name in cookies if name in connection.cookies]
        return next((page.tokens[token] for token in tokens if token in page.tokens), None)

    return look_up
