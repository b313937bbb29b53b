"""A package index on this machine (PEP 503), which lists wheels at another address, as xllamacpp's does."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class PackageIndex:
    """`builds` are folders of wheels by the name of a build."""

    builds: dict[str, list[Path]] = field(default_factory=dict)
    url: str = ""
    files_url: str = ""
    cut_after: list[int] = field(default_factory=list)
    """Each next body of a wheel breaks off after so many bytes."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path, range."""

    def page(self, build: str) -> bytes:
        links = "".join(
            f'<a href="{self.files_url}/{build}/{wheel.name}">{wheel.name}</a><br>\n'
            for wheel in self.builds[build]
        )
        return f"<!DOCTYPE html><html><body><h1>Links</h1>\n{links}</body></html>".encode()

    def wheel(self, path: str) -> Path | None:
        _, build, name = path.rsplit("/", 2)
        return next((wheel for wheel in self.builds.get(build, ()) if wheel.name == name), None)


class Handler(BaseHTTPRequestHandler):
    """Answers for the index that its server was given."""

    protocol_version = "HTTP/1.1"
    index: PackageIndex

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.index.asked.append((self.command, self.path, wanted))
        page = re.fullmatch(r"/whl/([^/]+)/xllamacpp/", self.path)
        if page and page[1] in self.index.builds:
            self._send(200, self.index.page(page[1]))
        elif (wheel := self.index.wheel(self.path)) is not None:
            self._send_wheel(wheel.read_bytes(), wanted)
        else:
            self._send(404, b"not here")

    def _send_wheel(self, content: bytes, wanted: str) -> None:
        start = re.match(r"bytes=(\d+)-", wanted)
        is_cut = self.command == "GET" and self.index.cut_after
        cut = self.index.cut_after.pop(0) if is_cut else None
        if start is None:
            self._send(200, content, cut)
            return
        span = f"bytes {start[1]}-{len(content) - 1}/{len(content)}"
        self._send(206, content[int(start[1]) :], cut, span)

    def _send(self, status: int, body: bytes, cut: int | None = None, span: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if span:
            self.send_header("Content-Range", span)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[:cut])
        if cut is not None:
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[PackageIndex]:
    index = PackageIndex()
    handler = type("IndexHandler", (Handler,), {"index": index})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    port = server.server_address[1]
    index.url, index.files_url = f"http://127.0.0.1:{port}/whl", f"http://localhost:{port}/files"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
