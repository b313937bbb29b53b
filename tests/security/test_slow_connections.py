"""Clients that send slowly, without end, or not at all, and those who come in crowds."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from ipaddress import ip_address

import httpx
import pytest

from tests.running import App, free_port, start_app, stop_app

TIMEOUT_S = 30
HEADER_TIMEOUT_S = 1
BODY_TIMEOUT_S = 1
SEND_TIMEOUT_S = 1
MAX_OPEN = 40
MAX_PER_ADDRESS = 8
HALF_BODY = (
    b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000\r\n\r\n"
)


@pytest.fixture(scope="module")
def ports() -> list[int]:
    return [free_port()]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, ports: list[int]) -> Iterator[App]:
    """It asks for a password, which none of these clients ever shows."""
    running = start_app(
        tmp_path_factory.mktemp("slow"),
        QUINTET_POOL__WARM="[]",
        QUINTET_SERVER__HOST="0.0.0.0",  # noqa: S104 — to be called by another address than loopback
        QUINTET_SERVER__PASSWORD="secret",
        QUINTET_SERVER__ALSO_PORTS=str(ports),
        QUINTET_SERVER__CONNECTIONS=json.dumps(
            {
                "max_open": MAX_OPEN,
                "max_per_address": MAX_PER_ADDRESS,
                "send_timeout_s": SEND_TIMEOUT_S,
                "header_timeout_s": HEADER_TIMEOUT_S,
                "body_timeout_s": BODY_TIMEOUT_S,
            }
        ),
    )
    yield running
    stop_app(running)


@pytest.fixture(params=["main port", "other port"])
def port(app: App, ports: list[int], request: pytest.FixtureRequest) -> int:
    main = httpx.URL(app.url).port
    assert main is not None
    return main if request.param == "main port" else ports[0]


def connected(port: int, data: bytes = b"", host: str = "127.0.0.1") -> socket.socket:
    client = socket.create_connection((host, port), TIMEOUT_S)
    client.sendall(data)
    return client


def said(client: socket.socket) -> bytes:
    """Return all that the server says until it closes. Raises: TimeoutError if it does not."""
    answer = b""
    with client, contextlib.suppress(ConnectionResetError):
        while block := client.recv(65_536):
            answer += block
    return answer


def is_alive(app: App) -> bool:
    return httpx.get(f"{app.url}/healthz", timeout=TIMEOUT_S).status_code == 200


def test_a_header_line_without_end_is_refused(app: App, port: int) -> None:
    client = connected(port, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Endless: ")
    num_sent = 0
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while num_sent < 64 << 20:
            num_sent += client.send(b"a" * 65_536)
    assert num_sent < 64 << 20
    client.close()
    assert is_alive(app)


@pytest.mark.parametrize("ending", [b"", b"\r\n\r\n"], ids=["unfinished", "finished"])
@pytest.mark.parametrize(
    "header", [b"X: " + b"a" * 60_000, b"a:\r\n" * 15_000], ids=["long", "many"]
)
def test_too_long_a_header_is_reported_so(
    app: App, port: int, header: bytes, ending: bytes
) -> None:
    client = connected(port, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + header + ending)
    answer = said(client)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"A header may have 32 KiB" in answer


def test_a_header_that_is_not_finished_is_hurried(app: App, port: int) -> None:
    answer = said(connected(port, b"GET / HTTP/1.1\r\nHost: local"))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"A header may take 1 s" in answer


def test_a_second_header_is_not_given_more_time(app: App, port: int) -> None:
    whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    client = connected(port, whole)
    first = b""
    while not first.endswith(b'"ok"}'):
        first += client.recv(65_536)
    client.sendall(whole[:20])
    assert said(client).startswith(b"HTTP/1.1 408 ")


def test_who_says_nothing_is_let_go(app: App, port: int) -> None:
    assert said(connected(port)) == b""


def test_a_header_byte_by_byte_gains_no_time(app: App, port: int) -> None:
    client = connected(port)
    client.settimeout(HEADER_TIMEOUT_S / 10)
    give_up = time.monotonic() + TIMEOUT_S
    answer = b""
    with client, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while time.monotonic() < give_up:
            client.sendall(b"G")
            with contextlib.suppress(TimeoutError):
                answer = client.recv(65_536)
                break
    assert time.monotonic() < give_up
    assert answer.startswith(b"HTTP/1.1 408 ")


AUTHORIZED = HALF_BODY.replace(b"Content-Type", b"Authorization: Bearer secret\r\nContent-Type")
CHUNKED = AUTHORIZED.replace(b"Content-Length: 1000", b"Transfer-Encoding: chunked")


@pytest.mark.parametrize("start", [AUTHORIZED, AUTHORIZED + b"{", CHUNKED + b"1\r\n{\r\n"])
def test_a_body_that_stops_is_refused(app: App, port: int, start: bytes) -> None:
    answer = said(connected(port, start))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"The body has stopped" in answer


def test_a_body_that_was_refused_may_not_drip_on(app: App, port: int) -> None:
    """The answer, 401, is there at once; the connection stayed for as long as a byte came."""
    client = connected(port, HALF_BODY)
    give_up = time.monotonic() + TIMEOUT_S
    answer = b""
    client.settimeout(BODY_TIMEOUT_S / 10)
    with client, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while time.monotonic() < give_up:
            client.sendall(b" ")
            with contextlib.suppress(TimeoutError):
                block = client.recv(65_536)
                answer += block
                if not block:
                    break
    assert time.monotonic() < give_up
    assert answer.startswith(b"HTTP/1.1 401 ")


def test_a_slow_upload_that_goes_on_is_taken(app: App, port: int) -> None:
    """For three times as long as a body may stand still."""
    body = json.dumps({"input": "Hi", "model": "none"}).encode()
    end = time.monotonic() + 3 * BODY_TIMEOUT_S
    client = connected(port, CHUNKED.replace(b"Host:", b"Connection: close\r\nHost:"))
    client.settimeout(BODY_TIMEOUT_S / 20)
    block = b" " * 2000
    while time.monotonic() < end:
        client.sendall(b"%x\r\n%b\r\n" % (len(block), block))
        with contextlib.suppress(TimeoutError):
            pytest.fail(f"cut off: {client.recv(65_536)!r}")
    client.settimeout(TIMEOUT_S)
    client.sendall(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
    assert b"none" in said(client)


@pytest.mark.slow
def test_300_slow_clients_do_not_keep_out_one_who_asks(app: App, port: int) -> None:
    """They are more than may be connected: the longest idle leave for who comes."""
    slow = [connected(port, b"GET / HTTP/1.1\r\nX: ") for _ in range(300)]
    try:
        for _ in range(20):
            assert is_alive(app)
    finally:
        for client in slow:
            client.close()


@contextlib.contextmanager
def refused_beside(number: int, port: int, host: str = "127.0.0.1") -> Iterator[bytes]:
    """The answer to who comes while so many are at work. A slow machine may have let one of these
    go after `BODY_TIMEOUT_S`, before all are there: then they come once more.
    """
    give_up = time.monotonic() + TIMEOUT_S
    while True:
        with contextlib.ExitStack() as working:
            for _ in range(number):
                working.enter_context(connected(port, AUTHORIZED, host))
            answer = said(connected(port, b"GET /healthz HTTP/1.0\r\n\r\n", host))
            if answer.startswith(b"HTTP/1.1 503 "):
                yield answer
                return
        assert time.monotonic() < give_up, answer


def test_when_all_are_at_work_the_next_is_asked_to_come_again(app: App, port: int) -> None:
    with refused_beside(MAX_OPEN, port) as answer:
        assert b"Retry-After: " in answer
        assert f"This Quintet has {MAX_OPEN} connections at work".encode() in answer
        assert len(answer.split(b"\r\n\r\n")[1].splitlines()) == 1
    give_up = time.monotonic() + TIMEOUT_S
    while not said(connected(port, b"GET /healthz HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 200"):
        assert time.monotonic() < give_up


def test_one_address_cannot_take_all_places(app: App, port: int) -> None:
    address = own_address()
    if ip_address(address).is_loopback:
        pytest.skip("this machine has no address but its own")
    with refused_beside(MAX_PER_ADDRESS, port, address) as answer:
        sentence = f"Your address {address} has {MAX_PER_ADDRESS} connections at work here"
        assert sentence.encode() in answer
        assert is_alive(app)


def own_address() -> str:
    """Return the address by which others reach this machine; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def test_who_never_reads_is_cut_off(app: App, port: int) -> None:
    """Nothing that is served to everybody is larger than what the system buffers: ask often."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    request = (
        b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n\r\n"
    )
    give_up = time.monotonic() + TIMEOUT_S
    client.settimeout(SEND_TIMEOUT_S / 10)
    with client, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while time.monotonic() < give_up:
            with contextlib.suppress(TimeoutError):
                client.sendall(request)
    assert time.monotonic() < give_up


def test_a_body_in_chunks_of_a_byte_is_refused(app: App, port: int) -> None:
    answer = said(connected(port, CHUNKED + b"1\r\na\r\n" * 5000))
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_body_in_chunks_of_a_line_is_read(app: App, port: int) -> None:
    line = b"40\r\n" + b" " * 64 + b"\r\n"
    answer = said(connected(port, CHUNKED + line * 5000 + b"0\r\n\r\n"))
    assert b"The body is no JSON" in answer  # read to its end, that is


def test_nothing_of_this_is_an_error_to_the_server(app: App) -> None:
    assert "Traceback" not in app.log.read_text()
