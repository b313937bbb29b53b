"""A small HTTP server that answers what a test wrote down, also what no real server should."""

from __future__ import annotations

import json
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STALL_S = 20.0

Reply = Callable[["Handler"], None]


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    path: str
    headers: Message
    body: bytes
    at_s: float

    @property
    def json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.body)
        return body


@dataclass
class Scripted:
    """The running server."""

    url: str
    replies: list[Reply]
    seen: list[Seen] = field(default_factory=list)
    is_left: threading.Event = field(default_factory=threading.Event)
    """Set when a client closed its connection while the server was silent."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Scripted

    def do_POST(self) -> None:
        self._reply(self.rfile.read(int(self.headers["Content-Length"])))

    def _reply(self, body: bytes) -> None:
        self.script.seen.append(Seen(self.path, self.headers, body, time.monotonic()))
        replies = self.script.replies
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        reply(self)

    def do_GET(self) -> None:
        self._reply(b"")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def write_chunk(self, data: str) -> None:
        raw = data.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(raw), raw))
        self.wfile.flush()

    def stall(self) -> None:
        """Be silent until the client leaves."""
        readable, _, _ = select.select([self.connection], [], [], STALL_S)
        if readable and not self.connection.recv(1):
            self.script.is_left.set()
        self.close_connection = True


def answer(body: object, status: int = 200, **headers: str) -> Reply:
    return lambda handler: handler.send(
        status, json.dumps(body).encode(), "application/json", **headers
    )


def refuse(status: int, message: str, code: str = "", **headers: str) -> Reply:
    return answer({"error": {"message": message, "code": code}}, status, **headers)


def page(text: str) -> Reply:
    return lambda handler: handler.send(200, text.encode(), "text/html")


def stall(handler: Handler) -> None:
    handler.stall()


def stream(*events: object, end: str = "whole") -> Reply:
    """Server-sent events; `end`: whole, cut (in the middle of a chunk), short or stalled."""

    def reply(handler: Handler) -> None:
        handler.begin_stream()
        for event in events:
            name = event.get("type") if isinstance(event, dict) else None
            head = f"event: {name}\n" if name else ""
            data = event if isinstance(event, str) else json.dumps(event)
            handler.write_chunk(f"{head}data: {data}\n\n")
        if end == "stalled":
            handler.stall()
        elif end == "cut":
            handler.wfile.write(b"ff\r\ndata: ")
            handler.close_connection = True
        else:
            handler.wfile.write(b"0\r\n\r\n")

    return reply


def delta(text: str, reason: str | None = None) -> dict[str, Any]:
    """One chunk of OpenAI's chat stream."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return {"id": "1", "object": "chat.completion.chunk", "choices": [choice]}


HELLO = stream(delta("Hello"), delta(" there."), delta("", "stop"), "[DONE]")


@contextmanager
def serving(*replies: Reply) -> Iterator[Scripted]:
    """Answer each request with the next reply, and with the last one from then on."""
    script = Scripted("", list(replies))
    handler = type("ScriptedHandler", (Handler,), {"script": script})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
