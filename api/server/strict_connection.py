"""HTTP/1.1 of h11, without what only an attacker sends.

Two lengths of one body: a proxy might have believed the other one. A long body in chunks of a few
bytes: each costs as much to read as a large one, and hardly anybody else is served meanwhile.
"""

from __future__ import annotations

from typing import Any

import h11

MANY_CHUNKS = 2000
MIN_CHUNK_BYTES = 32
"""Of so many chunks of a body, on average."""


class StrictConnection(h11.Connection):
    """The server's side of one connection."""

    _num_chunks = 0
    _num_in_chunks = 0

    def next_event(self) -> Any:
        """Return what the client sent next. Raises: h11.RemoteProtocolError."""
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._num_chunks = self._num_in_chunks = 0
            names = {name for name, _ in event.headers}
            if {b"content-length", b"transfer-encoding"} <= names:
                raise h11.RemoteProtocolError("a Content-Length beside Transfer-Encoding")
        elif isinstance(event, h11.Data):
            self._num_chunks += event.chunk_start
            self._num_in_chunks += len(event.data)
            mean_bytes = self._num_in_chunks / max(1, self._num_chunks)
            if self._num_chunks > MANY_CHUNKS and mean_bytes < MIN_CHUNK_BYTES:
                raise h11.RemoteProtocolError(
                    f"{self._num_chunks} chunks of {mean_bytes:.0f} bytes; send larger ones"
                )
        return event
