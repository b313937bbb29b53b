"""When a stream is read: what comes within a moment of something that people read waits in the socket.

A thread that wakes for each token takes a core from llama.cpp's threads, which wait for each other.
So after such a token it waits for nothing but the end of the connection, and then reads all that has
come meanwhile. Linux wakes a thread that polls for POLLRDHUP alone not for data: net/unix/af_unix.c,
fs/select.c (`pollwake`). Elsewhere a stream is read as it comes.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
from collections.abc import Callable, Iterator
from typing import Any

PIECE_BYTES = 1 << 16
CHUNK_END = b"\r\n"
"""What http.client leaves unread of a chunk until it is asked for the next one."""


class Pacing:
    """Of one stream."""

    def __init__(self, pace_s: float, is_read: Callable[[dict[str, Any]], bool]) -> None:
        """Wait for at most `pace_s` seconds after a chunk that people read (`is_read`)."""
        self._pace_ms = pace_s * 1000 if hasattr(select, "POLLRDHUP") else 0.0
        self._is_read = is_read
        self._is_resting = False

    def note(self, chunk: dict[str, Any]) -> None:
        """Take in what has just been passed on."""
        self._is_resting = self._is_resting or (self._pace_ms > 0 and self._is_read(chunk))

    def arrivals(self, response: http.client.HTTPResponse, way: socket.socket) -> Iterator[bytes]:
        """Yield what comes on its socket, until the end. Raises: OSError, http.client.HTTPException."""
        while True:
            if self._is_resting and not _has_more(response, way):
                poll = select.poll()
                poll.register(way, select.POLLRDHUP)
                poll.poll(self._pace_ms)
            self._is_resting = False
            if not (piece := response.read1(PIECE_BYTES)):
                return
            yield piece


def no_pacing() -> Pacing:
    """Return the one that reads as it comes."""
    return Pacing(0.0, lambda chunk: False)


def _has_more(response: http.client.HTTPResponse, way: socket.socket) -> bool:
    """Whether a further chunk has been taken from the socket already; waits for nothing."""
    if response.isclosed() or not isinstance(response.fp, io.BufferedReader):
        return True
    timeout_s = way.gettimeout()
    way.settimeout(0)
    try:
        return len(response.fp.peek()) > len(CHUNK_END)
    finally:
        way.settimeout(timeout_s)
