"""A stream that is read now and then loses nothing, and its end is heard at once."""

from __future__ import annotations

import http.client
import select
import socket
import threading
import time
from typing import Any

import pytest

from workers.engines.common.llamaserver.pacing import Pacing, no_pacing

TEXTS = ["one ", "two ", "three ", "four "]
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
FOREVER_S = 3600.0


def chunk_of(text: str) -> bytes:
    return f"{len(text):x}\r\n{text}\r\n".encode()


def speak(way: socket.socket, texts: list[str], gap_s: float, is_heard: threading.Event) -> None:
    """Say the first, and the others only once that was heard."""
    way.sendall(HEAD)
    for text in texts:
        way.sendall(chunk_of(text))
        is_heard.wait()
        time.sleep(gap_s)
    way.sendall(chunk_of(""))
    way.close()


def heard(pacing: Pacing, texts: list[str], gap_s: float) -> list[tuple[str, float]]:
    """Return what arrived, and how long after the one before."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    is_heard = threading.Event()
    speaker = threading.Thread(target=speak, args=(theirs, texts, gap_s, is_heard))
    speaker.start()
    arrived: list[tuple[str, float]] = []
    with ours, http.client.HTTPResponse(ours) as response:
        response.begin()
        before = time.monotonic()
        for piece in pacing.arrivals(response, ours):
            now = time.monotonic()
            arrived.append((piece.decode(), now - before))
            before = now
            pacing.note({"text": piece.decode()})
            is_heard.set()
    speaker.join()
    return arrived


def is_text(chunk: dict[str, Any]) -> bool:
    return bool(chunk["text"].strip())


@pytest.mark.parametrize("gap_s", [0.0, 0.02])
@pytest.mark.parametrize("pace_s", [0.0, 0.01, FOREVER_S])
def test_everything_arrives_in_order_and_the_end_is_not_waited_for(
    pace_s: float, gap_s: float
) -> None:
    """With an hour between two looks, only the end of the connection can wake the reader."""
    arrived = heard(Pacing(pace_s, is_text), TEXTS, gap_s)
    assert "".join(text for text, _ in arrived) == "".join(TEXTS)


@pytest.mark.skipif(not hasattr(select, "POLLRDHUP"), reason="only Linux tells the end alone")
def test_what_comes_meanwhile_is_read_together() -> None:
    arrived = heard(Pacing(FOREVER_S, is_text), TEXTS, gap_s=0.1)
    _, *rest = (waited_s for _, waited_s in arrived)
    assert rest[0] >= 0.3  # until the end: four gaps of 0.1 s
    assert len(rest) == 3


def test_what_nobody_reads_makes_no_pause() -> None:
    blanks = [" ", "  ", " "]
    assert len(heard(Pacing(FOREVER_S, is_text), [*blanks, "word"], 0.0)) == 4


def test_without_pacing_a_stream_is_read_as_it_comes() -> None:
    arrived = heard(no_pacing(), TEXTS, 0.01)
    assert [text for text, _ in arrived] == TEXTS
