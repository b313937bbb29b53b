"""A model hub on this machine, with faults on demand.

Speaks what huggingface_hub asks of one: the list of a repository, HEAD and GET of a file with the
hub's headers, and for large files a redirect to a second server, the "content network". Plain
addresses are served too, without any of the hub's headers.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from huggingface_hub import close_session

COMMIT = "c0ffee" + "0" * 34
BLOCK = 64 * 1024
STALL_TIMEOUT_S = 120


@lru_cache
def sha256_of(content: bytes) -> str:
    """Asked for with every request; a model's weights take half a second."""
    return hashlib.sha256(content).hexdigest()


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@dataclass
class Request:
    method: str
    path: str
    range: str | None
    token: str | None


@dataclass
class Faults:
    """What the server does wrong; each is used up or switched off by the test."""

    cut_after: list[int] = field(default_factory=list)
    """Each next body breaks off after so many bytes."""
    statuses: list[int] = field(default_factory=list)
    """Each next GET of content is answered with this."""
    has_ranges: bool = True
    bytes_per_s: float = 0.0
    stall_after: int | None = None
    """A body stands still at this byte of the file, until this is None again."""
    silent_cut: bool = False
    """A cut ends the body in order, as a server does that has lost the rest."""


@dataclass
class LocalHub:
    """Repositories by name; a file is large (LFS) if it is in `large`."""

    repositories: dict[str, dict[str, bytes]] = field(repr=False)
    url: str = ""
    content_url: str = ""
    large: set[str] = field(default_factory=set)
    gated: set[str] = field(default_factory=set)
    license: str = "mit"
    """What every repository's page says."""
    token: str | None = None
    """Repositories in `gated` open to it."""
    declared_size: dict[str, int] = field(default_factory=dict)
    sent_in_place: dict[str, bytes] = field(default_factory=dict)
    """Content that is sent in place of the right one."""
    faults: Faults = field(default_factory=Faults)
    requests: list[Request] = field(default_factory=list)

    def gets(self, name: str) -> list[Request]:
        """Requests that asked for the content of a file."""
        path = f"/content/{name}" if name in self.large else f"/{name}"
        return [r for r in self.requests if r.method == "GET" and r.path.endswith(path)]


@contextmanager
def serve(hub: LocalHub) -> Iterator[LocalHub]:
    """Run the hub and its content network until the end of the block."""
    servers = [_start(hub), _start(hub)]
    hub.url, hub.content_url = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    try:
        yield hub
    finally:
        close_session()  # its open connections keep the handlers' threads
        for server in servers:
            server.shutdown()
            server.server_close()


def _start(hub: LocalHub) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


class Handler(BaseHTTPRequestHandler):
    """Answers for the hub that its server carries."""

    protocol_version = "HTTP/1.1"
    hub: ClassVar[LocalHub]

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(
            Request(
                self.command, path, self.headers.get("Range"), self.headers.get("Authorization")
            )
        )
        if found := re.fullmatch(r"/api/models/(\w+/[\w.-]+)/revision/([^/]+)", path):
            self._list(*found.groups())
        elif found := re.fullmatch(r"/(\w+/[\w.-]+)/resolve/([^/]+)/(.+)", path):
            self._resolve(*found.groups(), with_body=with_body)
        elif found := re.fullmatch(r"/content/(.+)", path):
            self._send_content(found[1], self._content(found[1]), with_body=with_body)
        elif path.startswith("/plain/") and self._content(name := path[7:]) is not None:
            self._send_content(name, self._content(name), with_body=with_body)
        else:
            self._refuse(404)

    def _content(self, name: str) -> bytes | None:
        files = (files.get(name) for files in self.hub.repositories.values())
        return next((content for content in files if content is not None), None)

    def _may(self, repository: str, revision: str) -> bool:
        token = self.headers.get("Authorization")
        if token is not None and token != f"Bearer {self.hub.token}":
            words = "Invalid credentials in Authorization header"
            self._send(401, {"X-Error-Message": words}, b"")
        elif repository not in self.hub.repositories:
            self._refuse(401, "RepoNotFound")
        elif revision not in ("main", COMMIT):
            self._refuse(404, "RevisionNotFound")
        elif repository in self.hub.gated and token is None:
            self._refuse(401, "GatedRepo")
        else:
            return True
        return False

    def _list(self, repository: str, revision: str) -> None:
        if self._may(repository, revision):
            files = self.hub.repositories[repository]
            names = [self._entry(name, content) for name, content in files.items()]
            said = {"license": self.hub.license} if self.hub.license else {}
            info = {"id": repository, "sha": COMMIT, "siblings": names, "cardData": said}
            body = json.dumps(info).encode()
            self._send(200, {"Content-Type": "application/json"}, body)

    def _entry(self, name: str, content: bytes) -> dict[str, object]:
        """What the hub's list says of one file, if it is asked for sizes."""
        entry: dict[str, object] = {"rfilename": name}
        if "blobs" in urlsplit(self.path).query:
            entry |= {"size": len(content), "blobId": git_sha1(content)}
            if name in self.hub.large:
                entry["lfs"] = {
                    "sha256": sha256_of(content),
                    "size": len(content),
                    "pointerSize": 130,
                }
        return entry

    def _resolve(self, repository: str, revision: str, name: str, *, with_body: bool) -> None:
        if not self._may(repository, revision):
            return
        content = self.hub.repositories[repository].get(name)
        if content is None:
            self._refuse(404, "EntryNotFound")
        elif name in self.hub.large:
            headers = {
                "X-Repo-Commit": COMMIT,
                "X-Linked-Etag": f'"{sha256_of(content)}"',
                "X-Linked-Size": str(self.hub.declared_size.get(name, len(content))),
                "Location": f"{self.hub.content_url}/content/{name}",
            }
            self._send(302, headers, b"")
        else:
            self._send_content(
                name,
                content,
                {"X-Repo-Commit": COMMIT, "ETag": f'"{git_sha1(content)}"'},
                with_body=with_body,
            )

    def _send_content(
        self,
        name: str,
        content: bytes | None,
        headers: dict[str, str] | None = None,
        *,
        with_body: bool,
    ) -> None:
        content = self.hub.sent_in_place.get(name, content or b"")
        if with_body and self.hub.faults.statuses:
            return self._refuse(self.hub.faults.statuses.pop(0))
        start = self._start_byte(len(content))
        if start is None:
            return self._refuse(416)
        content = content[: self._end_byte(len(content))]
        self.send_response(206 if start else 200)
        for key, value in (headers or {"ETag": f'"{len(content)}-{name}"'}).items():
            self.send_header(key, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Accept-Ranges", "bytes" if self.hub.faults.has_ranges else "none")
        if self.hub.faults.silent_cut and self.hub.faults.cut_after:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if with_body:
            self._stream(content[start:], start)
        return None

    def _end_byte(self, size: int) -> int:
        """Behind which byte the body ends."""
        asked = re.fullmatch(r"bytes=\d+-(\d+)", self.headers.get("Range", ""))
        return min(size, int(asked[1]) + 1) if asked and self.hub.faults.has_ranges else size

    def _start_byte(self, size: int) -> int | None:
        """Where the body starts; None if that is behind the end."""
        asked = re.fullmatch(r"bytes=(\d+)-\d*", self.headers.get("Range", ""))
        if asked is None or not self.hub.faults.has_ranges:
            return 0
        return int(asked[1]) if int(asked[1]) < size else None

    def _stream(self, body: bytes, offset: int) -> None:
        end = self.hub.faults.cut_after.pop(0) if self.hub.faults.cut_after else None
        for start in range(0, len(body), BLOCK):
            block = body[start : min(start + BLOCK, end if end is not None else len(body))]
            stall = self.hub.faults.stall_after
            try:
                if stall is not None and offset + start + len(block) > stall:
                    sent = max(0, stall - offset - start)
                    self._stand_still(block[:sent])
                    block = block[sent:]
                self.wfile.write(block)
            except OSError:  # who asked has gone
                break
            if self.hub.faults.bytes_per_s:
                time.sleep(len(block) / self.hub.faults.bytes_per_s)
            if end is not None and start + BLOCK >= end:
                break
        if end is not None:
            self.close_connection = True

    def _stand_still(self, rest: bytes) -> None:
        give_up = time.monotonic() + STALL_TIMEOUT_S
        self.wfile.write(rest)
        while self.hub.faults.stall_after is not None and time.monotonic() < give_up:
            time.sleep(0.02)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, status: int, code: str = "") -> None:
        self._send(status, {"X-Error-Code": code} if code else {}, b"")

    def log_message(self, *_: object) -> None:
        pass
