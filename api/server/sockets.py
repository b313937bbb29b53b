"""The sockets to listen on: bound before anything heavy starts, so that a taken port is said at once."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from configs.errors import ConfigError
from configs.server_settings import ServerSettings


def listen(server: ServerSettings) -> list[socket.socket]:
    """Return the listening sockets, the main port's first.

    Raises: ConfigError if a port is taken or not allowed; then none stays open.
    """
    wanted = [(server.port, f"--port {server.port + 1}")]
    wanted += [(port, "another --also-port, or none") for port in server.also_ports]
    listeners: list[socket.socket] = []
    with ExitStack() as undo:
        for port, instead in wanted:
            listener = undo.enter_context(_listen(server.host, port, instead))
            listeners.append(listener)
        undo.pop_all()
    return listeners


def _listen(host: str, port: int, instead: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as err:
        listener.close()
        raise ConfigError(
            f"Cannot listen on {host}:{port}: {err.strerror}. Choose another: {instead}"
        ) from err
    return listener
