"""A public link through Gradio's relay."""

from __future__ import annotations

import secrets

from configs.errors import ConfigError


def open_share_link(port: int) -> str:
    """Return the public address of the page on `port`.

    Raises: ConfigError if the relay cannot be reached (no internet, or its client is blocked).
    """
    from gradio import networking

    try:
        return networking.setup_tunnel(
            local_host="127.0.0.1",
            local_port=port,
            share_token=secrets.token_urlsafe(32),
            share_server_address=None,
            share_server_tls_certificate=None,
        )
    except Exception as err:  # the tunnel raises whatever its download or its process raised
        raise ConfigError(f"The share link could not be opened: {err}") from err
