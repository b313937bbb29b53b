"""Files by address: data URIs, bounds, and no way into the network that the server stands in."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from workers.media.fetch import fetch_public, from_base64
from workers.messages import Media
from workers.messages.errors import UnsupportedInputError
from workers.models.downloads.public_hosts import IpAddress, is_public

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


class Files(BaseHTTPRequestHandler):
    """A small web server with one picture, one redirect and one endless file."""

    def do_GET(self) -> None:
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path.partition("?")[2])
            self.end_headers()
            return
        if self.path not in {"/cat", "/endless"}:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        try:
            self.wfile.write(PNG)
            while self.path == "/endless":
                self.wfile.write(bytes(1 << 16))
        except OSError:
            return  # the reader has had enough

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def only_this(address: IpAddress) -> bool:
    return str(address) == "127.0.0.1"


def fetch(url: str, max_mib: float = 1, *, public_only: bool = True) -> Media:
    return asyncio.run(fetch_public(url, max_mib, None if public_only else only_this))


def test_a_data_uri_is_its_file() -> None:
    coded = base64.b64encode(PNG).decode()
    assert fetch(f"data:image/png;base64,{coded}") == Media(name="data.png", data=PNG)
    assert fetch("data:text/plain,a%20b").data == b"a b"
    assert from_base64(base64.urlsafe_b64encode(PNG).decode().rstrip("="), "a", 1).data == PNG


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("data:image/png;base64,@@@", "not base64"),
        ("data:image/png;base64,", "empty"),
        ("data:image/png", "comma"),
        ("file:///etc/passwd", "not from 'file'"),
        ("/etc/passwd", "data:, http: and https:"),
        ("http://", "names no host"),
        ("http://[::1", "names no host"),
        ("http://xn--/", "cannot be fetched"),
        ("https://no-such-host.invalid/a.png", "no host called"),
        ("http://localhost:1/", "localhost is not a public host"),
        ("http://169.254.169.254/latest/meta-data", "not a public host"),
        ("http://[::ffff:10.0.0.1]/", "not a public host"),
        ("http://2130706433/", "not a public host"),
        ("http://0/", "not a public host"),
    ],
)
def test_what_cannot_be_fetched_is_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(UnsupportedInputError, match=sentence):
        fetch(url)


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 10.1.2.3 192.168.0.1 172.16.0.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 "
    "255.255.255.255 ::1 :: fe80::1 fc00::1 fec0::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 "
    "2002:7f00:1:: 2001:0:4136:e378:8000:63bf:3fff:fdd2".split(),
)
def test_private_addresses_are_seen_through_their_wrappings(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_a_file_is_fetched_and_named(port: int) -> None:
    url = f"http://127.0.0.1:{port}/cat"
    assert fetch(url, public_only=False) == Media(name="cat.png", data=PNG)
    relative = f"http://127.0.0.1:{port}/to?/cat"
    assert fetch(relative, public_only=False).data == PNG


def test_a_redirect_into_another_network_is_refused(port: int) -> None:
    with pytest.raises(UnsupportedInputError, match=r"127\.0\.0\.2 is not a public host"):
        fetch(f"http://127.0.0.1:{port}/to?http://127.0.0.2:{port}/cat", public_only=False)
    with pytest.raises(UnsupportedInputError, match="redirects"):
        fetch(f"http://127.0.0.1:{port}/to?" + "/to?" * 9 + "/cat", public_only=False)


def test_an_endless_file_ends_at_the_bound(port: int) -> None:
    with pytest.raises(UnsupportedInputError, match=r"larger than the 0\.5 MiB"):
        fetch(f"http://127.0.0.1:{port}/endless", 0.5, public_only=False)


def test_a_missing_file_says_so(port: int) -> None:
    with pytest.raises(UnsupportedInputError, match="404 Not Found"):
        fetch(f"http://127.0.0.1:{port}/dog", public_only=False)
