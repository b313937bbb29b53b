"""The client that asks servers for models: the hub library's own, or one that knows only public hosts.

The second is for addresses that were given through the page. Each connection, also after a redirect,
goes to an address that was looked up once, found to be public, and is then used as it is.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from workers.messages.errors import DownloadError
from workers.models.downloads.public_hosts import IpAddress, is_public

if TYPE_CHECKING:
    import httpx2


@contextmanager
def client(*, public_only: bool) -> Iterator[httpx2.Client]:
    """Lend a client that follows redirects.

    With `public_only` its requests raise DownloadError for hosts of this machine's own networks.
    """
    if not public_only:
        from huggingface_hub import get_session

        yield get_session()
        return
    with _public_client() as own:
        yield own


def _public_client() -> httpx2.Client:
    import httpx2
    from huggingface_hub import constants
    from huggingface_hub.errors import OfflineModeIsEnabled

    class PublicTransport(httpx2.HTTPTransport):
        """Connects to the addresses it has looked up itself, never to a name."""

        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            *first, last = _public_addresses(request.url.host)
            for address in first:
                try:
                    return super().handle_request(_pinned(request, address))
                except (httpx2.ConnectError, httpx2.ConnectTimeout):
                    continue  # one of several addresses is down: try the next
            return super().handle_request(_pinned(request, last))

    if constants.is_offline_mode():
        raise OfflineModeIsEnabled("HF_HUB_OFFLINE is set.")
    # A proxy of the environment would look names up by itself, unchecked.
    return httpx2.Client(transport=PublicTransport(), trust_env=False, follow_redirects=True)


def _public_addresses(host: str) -> list[IpAddress]:
    """Look a name up. Raises: DownloadError if it is not of a public host."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as err:
        raise DownloadError(
            f"The name {host} could not be resolved.", "Check the address."
        ) from err
    texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    addresses = [ipaddress.ip_address(text) for text in texts]
    if not all(map(is_public, addresses)):
        raise DownloadError(
            f"{host} is not a public host; the page fetches models only from those.",
            "On the machine itself, use: quintet models add ADDRESS",
        )
    return addresses


def _pinned(request: httpx2.Request, address: IpAddress) -> httpx2.Request:
    """The same request to this address; the Host header and the certificate's name stay."""
    import httpx2

    return httpx2.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
