"""A `llama-server` asked over HTTP with the methods of xllamacpp's server in the process.

Bodies and answers are the same JSON; only the way there differs. Safe to use from several threads: each
request has a connection of its own, because an idle one would keep a thread of the server.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from workers.messages.errors import GenerationError

from .pacing import Pacing, no_pacing
from .process import Address

Json = dict[str, Any]
OnChunk = Callable[[Json], bool]
"""Takes the next chunk; True asks for no more."""
BROKEN = (OSError, http.client.HTTPException)
"""What a connection raises that has broken."""

CONNECT_TIMEOUT_S = 10.0
HEALTH_TIMEOUT_S = 5.0
DATA, DONE = b"data: ", b"[DONE]"
ERROR = b"error: "
"""How older servers begin the line of a failure in the middle of an answer."""


class _Connection(http.client.HTTPConnection):
    """Of the standard library: a token costs it 30 µs of CPU, and httpx 110 to 230."""

    def __init__(self, address: Address) -> None:
        host = "127.0.0.1" if not address.port else address.host
        super().__init__(host, address.port or None, timeout=CONNECT_TIMEOUT_S)
        self._path = "" if address.port else address.host

    def connect(self) -> None:
        """Connect to the port, or to the Unix socket."""
        if not self._path:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(CONNECT_TIMEOUT_S)
        self.sock.connect(self._path)


class ServerConnection:
    """The routes that our engines use."""

    def __init__(self, address: Address, new_pacing: Callable[[], Pacing] = no_pacing) -> None:
        """`new_pacing`: for each stream, when it is read."""
        self._address = address
        self._new_pacing = new_pacing

    def is_ready(self) -> bool:
        """Whether it listens and its model is loaded."""
        try:
            with self._answer("GET", "/health", None, HEALTH_TIMEOUT_S) as (response, _):
                response.read()  # who leaves before that is a fault in the program's log
                return response.status == 200
        except BROKEN:
            return False

    def handle_chat_completions(self, body: Json, on_chunk: OnChunk) -> Json | None:
        """Stream an answer to a conversation; what is returned instead of streamed is an error."""
        return self._stream("/v1/chat/completions", _continued(body), on_chunk)

    def handle_completions(self, body: Json, on_chunk: OnChunk) -> Json | None:
        """Stream the continuation of a text."""
        return self._stream("/v1/completions", body, on_chunk)

    def handle_embeddings(self, body: Json) -> Json:
        """Return one vector per input, or an error."""
        return self._ask("/v1/embeddings", body)

    def handle_tokenize(self, body: Json) -> Json:
        """Return the token ids of a text, or an error."""
        return self._ask("/tokenize", body)

    def handle_rerank(self, body: Json) -> Json:
        """Return the logits of some documents for a query, or an error."""
        return self._ask("/v1/rerank", body)

    def close(self) -> None:
        """Nothing is kept open."""

    def _lost(self, err: Exception) -> GenerationError:
        """Return what is raised where the connection broke."""
        return GenerationError(f"The llama-server broke off: {str(err) or type(err).__name__}.")

    @contextmanager
    def _answer(
        self, method: str, path: str, body: Json | None, timeout_s: float | None = None
    ) -> Iterator[tuple[http.client.HTTPResponse, socket.socket]]:
        """Yield the answer as it comes, and its socket; leaving ends the connection. Raises: `BROKEN`.

        No time-out: between two chunks a large batch may be read. How long that may take, the pool watches.
        """
        content = None if body is None else json.dumps(body).encode()
        headers = {
            "Authorization": f"Bearer {self._address.key}",
            "Content-Type": "application/json",
            "Connection": "close",  # an idle one would keep a thread of the server
        }
        with closing(_Connection(self._address)) as connection:
            connection.connect()
            way = connection.sock  # http.client forgets it once the answer begins
            way.settimeout(timeout_s)
            connection.request(method, path, content, headers)
            with connection.getresponse() as response:
                yield response, way

    def _ask(self, path: str, body: Json) -> Json:
        try:
            with self._answer("POST", path, body) as (response, _):
                return _decoded(response.read())
        except BROKEN as err:
            raise self._lost(err) from err

    def _stream(self, path: str, body: Json, on_chunk: OnChunk) -> Json | None:
        try:
            with self._answer("POST", path, body) as (response, way):
                if response.status != 200:
                    return _decoded(response.read())
                pacing = self._new_pacing()
                for chunk in _chunks(pacing.arrivals(response, way)):
                    if on_chunk(chunk) or "error" in chunk:
                        break  # the connection ends with this block, and the server stops
                    pacing.note(chunk)
        except BROKEN as err:
            raise self._lost(err) from err
        return None


def _continued(body: Json) -> Json:
    """Say that the assistant's last turn shall go on, where it is the last.

    Any server goes on by itself, but some repeat that turn first, unless they are told.
    """
    messages = body.get("messages") or [{}]
    if messages[-1].get("role") != "assistant":
        return body
    return {**body, "continue_final_message": True, "add_generation_prompt": False}


def _chunks(pieces: Iterator[bytes]) -> Iterator[Json]:
    """Yield the objects of a stream of server-sent events."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(DATA) and not line.startswith(DONE, len(DATA)):
                yield json.loads(line[len(DATA) :])
            elif line.startswith(ERROR):
                yield {"error": json.loads(line[len(ERROR) :])}


def _decoded(content: bytes) -> Json:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        return answer
    return {"error": {"message": content[:300].decode(errors="replace")}}
