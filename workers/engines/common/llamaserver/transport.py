"""A `llama-server` asked over HTTP with the methods of xllamacpp's server in the process.

Bodies and answers are the same JSON; only the way there differs. Safe to use from several threads: each
request has a connection of its own, because an idle one would keep a thread of the server.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from workers.messages.errors import GenerationError

from .process import Address

Json = dict[str, Any]
OnChunk = Callable[[Json], bool]
"""Takes the next chunk; True asks for no more."""

LOCAL = "http://llama-server"
CONNECT_TIMEOUT_S = 10.0
HEALTH_TIMEOUT_S = 5.0
DATA, DONE = b"data: ", b"[DONE]"
ERROR = b"error: "
"""How older servers begin the line of a failure in the middle of an answer."""

logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of every request


class ServerConnection:
    """The routes that our engines use."""

    def __init__(self, address: Address) -> None:
        self._address = address
        # Neither a proxy nor a .netrc is anything for a server of our own.
        limits = httpx.Limits(max_keepalive_connections=0)
        transport = httpx.HTTPTransport(
            uds=None if address.port else address.host, limits=limits, trust_env=False
        )
        base = f"http://{address.host}:{address.port}" if address.port else LOCAL
        self._client = httpx.Client(
            transport=transport,
            base_url=base,
            trust_env=False,
            headers={"Authorization": f"Bearer {address.key}"},
            # Between two chunks a large batch may be read: how long that may take, the pool watches.
            timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT_S),
        )

    def is_ready(self) -> bool:
        """Whether it listens and its model is loaded."""
        if not self._listens():
            return False
        try:
            return self._client.get("/health", timeout=HEALTH_TIMEOUT_S).status_code == 200
        except httpx.HTTPError:
            return False

    def _listens(self) -> bool:
        """Asked by hand: httpcore leaves a socket open where nobody listens yet."""
        is_port = self._address.port
        family = socket.AF_INET if is_port else socket.AF_UNIX
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            host = self._address.host
            return probe.connect_ex((host, self._address.port) if is_port else host) == 0

    def handle_chat_completions(self, body: Json, on_chunk: OnChunk) -> Json | None:
        """Stream an answer to a conversation; what is returned instead of streamed is an error."""
        return self._stream("/v1/chat/completions", _continued(body), on_chunk)

    def handle_completions(self, body: Json, on_chunk: OnChunk) -> Json | None:
        """Stream the continuation of a text."""
        return self._stream("/v1/completions", body, on_chunk)

    def handle_embeddings(self, body: Json) -> Json:
        """Return one vector per input, or an error."""
        return self._ask("/v1/embeddings", body)

    def handle_rerank(self, body: Json) -> Json:
        """Return the logits of some documents for a query, or an error."""
        return self._ask("/v1/rerank", body)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _lost(self, err: httpx.HTTPError) -> GenerationError:
        """Return what is raised where the connection broke."""
        return GenerationError(f"The llama-server broke off: {str(err) or type(err).__name__}.")

    def _ask(self, path: str, body: Json) -> Json:
        try:
            return _decoded(self._client.post(path, json=body).read())
        except httpx.HTTPError as err:
            raise self._lost(err) from err

    def _stream(self, path: str, body: Json, on_chunk: OnChunk) -> Json | None:
        try:
            with self._client.stream("POST", path, json=body) as response:
                if response.status_code != 200:
                    return _decoded(response.read())
                for chunk in _chunks(response.iter_raw()):
                    if on_chunk(chunk) or "error" in chunk:
                        break  # the connection ends with this block, and the server stops
        except httpx.HTTPError as err:
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
