"""A file that a client names by its address: from inside a `data:` URI or from a public host.

The server must not become the client's way into the network it stands in. So every connection,
also after each redirect, goes to an address that was looked up once, found to be public, and is
then used as it is: a name that resolves differently the second time gains nothing.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import mimetypes
import socket
from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import anyio
import httpx

from workers.messages import Media
from workers.messages.errors import UnsupportedInputError
from workers.models.downloads.public_hosts import IpAddress, is_public

MAX_REDIRECTS = 3
CONNECT_TIMEOUT_S = 10
TOTAL_TIMEOUT_S = 60


async def fetch_public(
    url: str, max_mib: float, is_allowed: Callable[[IpAddress], bool] | None = None
) -> Media:
    """Return the file behind a `data:` URI or an http(s) URL of a public host.

    Args:
        url: Where the file is.
        max_mib: Bound on the file; the transfer ends as soon as it is passed.
        is_allowed: Which addresses may be connected to; None: the public ones.

    Raises: UnsupportedInputError with one sentence for whatever stands in the way.
    """
    scheme = url.partition(":")[0].lower()
    if scheme == "data":
        return from_data_uri(url, max_mib)
    if scheme not in ("http", "https"):
        raise UnsupportedInputError(
            f"A file can be read from data:, http: and https: addresses, not from {scheme[:20]!r}."
        )
    host = _host_of(url)
    try:
        with anyio.fail_after(TOTAL_TIMEOUT_S):
            return await _download(url, max_mib, is_allowed or is_public)
    except TimeoutError as err:
        raise UnsupportedInputError(
            f"The file at {host} did not arrive within {TOTAL_TIMEOUT_S} s."
        ) from err
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as err:  # UnicodeError: "xn--" alone
        reason = str(err) or type(err).__name__
        raise UnsupportedInputError(f"The file at {host} cannot be fetched: {reason}.") from err


def from_data_uri(uri: str, max_mib: float) -> Media:
    """Return the file inside a `data:` URI. Raises: UnsupportedInputError. Source: RFC 2397."""
    head, comma, payload = uri.partition(",")
    if not comma:
        raise UnsupportedInputError("A data: URI needs a comma before its data.")
    kind, *options = head[len("data:") :].split(";")
    name = f"data{mimetypes.guess_extension(kind.strip().lower()) or ''}"
    if "base64" in [option.strip().lower() for option in options]:
        return from_base64(unquote(payload), name, max_mib)
    return _bounded(unquote_to_bytes(payload), name, max_mib)


def from_base64(text: str, name: str, max_mib: float) -> Media:
    """Return a file written as base64, also the URL-safe kind. Raises: UnsupportedInputError."""
    compact = "".join(text.split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        data = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError) as err:
        raise UnsupportedInputError("This is not base64.", "Send the file's bytes.") from err
    return _bounded(data, name, max_mib)


class _CheckedTransport(httpx.AsyncBaseTransport):
    """Connects to the addresses it has looked up itself, never to a name."""

    def __init__(self, is_allowed: Callable[[IpAddress], bool]) -> None:
        self._is_allowed = is_allowed
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        addresses = await _look_up(host)
        if not all(self._is_allowed(address) for address in addresses):
            raise UnsupportedInputError(
                f"{host} is not a public host; only those are fetched from.",
                "Send the file itself, as a data: URI.",
            )
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # one of several addresses is down: try the next
        return await self._inner.handle_async_request(_pinned(request, addresses[-1]))

    async def aclose(self) -> None:
        await self._inner.aclose()


def _pinned(request: httpx.Request, address: IpAddress) -> httpx.Request:
    """The same request to this address; the Host header and the certificate's name stay."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )


async def _look_up(host: str) -> list[IpAddress]:
    try:
        found = await anyio.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as err:
        raise UnsupportedInputError(f"There is no host called {host!r}.") from err
    texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return [ipaddress.ip_address(text) for text in texts]


async def _download(url: str, max_mib: float, is_allowed: Callable[[IpAddress], bool]) -> Media:
    async with (
        httpx.AsyncClient(
            transport=_CheckedTransport(is_allowed),
            trust_env=False,  # a proxy would look names up by itself, unchecked
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            timeout=CONNECT_TIMEOUT_S,
            headers={"Accept-Encoding": "identity", "User-Agent": "Quintet"},
        ) as client,
        client.stream("GET", url) as response,
    ):
        if not response.is_success:
            raise UnsupportedInputError(
                f"The file at {response.url.host} cannot be fetched: "
                f"{response.status_code} {response.reason_phrase}."
            )
        data = bytearray()
        async for (
            block
        ) in response.aiter_raw():  # as sent: nothing is unpacked before it is counted
            data += block
            _check_size(len(data), response.url.host, max_mib)
    return Media(name=_name_of(response), data=bytes(data))


def _name_of(response: httpx.Response) -> str:
    name = PurePosixPath(unquote(response.url.path)).name or response.url.host
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    return name if PurePosixPath(name).suffix else name + (mimetypes.guess_extension(kind) or "")


def _host_of(url: str) -> str:
    """Return the host for messages; an address without one is refused here."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host:
        raise UnsupportedInputError("The address of the file names no host.")
    return host


def _bounded(data: bytes, name: str, max_mib: float) -> Media:
    if not data:
        raise UnsupportedInputError("The file is empty.")
    _check_size(len(data), name, max_mib)
    return Media(name=name, data=data)


def _check_size(num_bytes: int, name: str, max_mib: float) -> None:
    if num_bytes > max_mib * 2**20:
        raise UnsupportedInputError(f"{name} is larger than the {max_mib:g} MiB allowed.")
